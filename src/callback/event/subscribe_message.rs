//! Subscriptions to messages, and the results of sending them. Source: 订阅通知, 订阅消息.

view! {
    /// 用户操作订阅通知弹窗: the user answered a prompt to subscribe to messages.
    SubscribeMsgPopup {
        /// The answer for each template.
        items: list SubscribeMsgPopupItem = "List" in "SubscribeMsgPopupEvent";
    }
}

view! {
    /// The answer for one template.
    part SubscribeMsgPopupItem {
        /// The template.
        template_id: text = "TemplateId";
        /// Whether the user accepted messages of the template.
        status: choice SubscribeStatus = "SubscribeStatusString";
        /// Where the prompt was shown.
        scene: choice PopupScene = "PopupScene";
    }
}

view! {
    /// 用户管理订阅通知: the user changed a message subscription in the settings. Rely only on
    /// [`SubscribeStatus::Reject`]: an acceptance may be withdrawn without a push.
    SubscribeMsgChange {
        /// The change of each template.
        items: list SubscribeMsgChangeItem = "List" in "SubscribeMsgChangeEvent";
    }
}

view! {
    /// The change of one template.
    part SubscribeMsgChangeItem {
        /// The template.
        template_id: text = "TemplateId";
        /// Whether the user accepts messages of the template.
        status: choice SubscribeStatus = "SubscribeStatusString";
    }
}

view! {
    /// 发送订阅通知: the result of sending messages.
    SubscribeMsgSent {
        /// The result of each message.
        items: list SubscribeMsgSentItem = "List" in "SubscribeMsgSentEvent";
    }
}

view! {
    /// The result of one message.
    part SubscribeMsgSentItem {
        /// The template.
        template_id: text = "TemplateId";
        /// The id that the send call returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// The platform's error code; 0 if it was delivered.
        error_code: number i64 = "ErrorCode";
        /// The status text of the platform.
        error_status: text = "ErrorStatus";
    }
}

choice! {
    /// Whether a user accepts messages of a template.
    SubscribeStatus {
        /// 同意.
        Accept = "accept";
        /// 拒绝.
        Reject = "reject";
    }
}

choice! {
    /// Where a prompt was shown.
    PopupScene {
        /// 弹窗来自小程序页面: on a page of a mini-program.
        MiniProgram = "0";
        /// 弹窗来自 H5 页面: on a web page.
        WebPage = "1";
        /// 弹窗来自图文消息: in an article.
        Article = "2";
    }
}
