//! What users make of the offer to get messages, and what became of those sent. Source: 订阅通知,
//! 订阅消息.

view! {
    /// 用户操作订阅通知弹窗: the user was asked whether to get messages, and answered.
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
        /// Whether messages of it are wanted.
        status: choice SubscribeStatus = "SubscribeStatusString";
        /// Where the user was asked.
        scene: choice PopupScene = "PopupScene";
    }
}

view! {
    /// 用户管理订阅通知: the user changed in the settings whether to get messages. Only
    /// [`SubscribeStatus::Reject`] is to be relied on: an acceptance may be withdrawn silently.
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
        /// Whether messages of it are wanted.
        status: choice SubscribeStatus = "SubscribeStatusString";
    }
}

view! {
    /// 发送订阅通知: what became of messages that were sent.
    SubscribeMsgSent {
        /// What became of each of them.
        items: list SubscribeMsgSentItem = "List" in "SubscribeMsgSentEvent";
    }
}

view! {
    /// What became of one message.
    part SubscribeMsgSentItem {
        /// The template.
        template_id: text = "TemplateId";
        /// The id that the call to send it returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// The platform's error code; 0 if it was delivered.
        error_code: number i64 = "ErrorCode";
        /// What became of it, in the platform's words.
        error_status: text = "ErrorStatus";
    }
}

choice! {
    /// Whether a user wants the messages of a template.
    SubscribeStatus {
        /// 同意.
        Accept = "accept";
        /// 拒绝.
        Reject = "reject";
    }
}

choice! {
    /// Where a user was asked.
    PopupScene {
        /// 弹窗来自小程序页面: on a page of a mini-program.
        MiniProgram = "0";
        /// 弹窗来自 H5 页面: on a web page.
        WebPage = "1";
        /// 弹窗来自图文消息: in an article.
        Article = "2";
    }
}
