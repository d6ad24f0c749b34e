//! Customer-service sessions, and users who open the customer service. Source: 客服消息,
//! 会话状态通知, 接收消息和事件 (小程序).

view! {
    /// 接入会话: a customer-service agent accepted the user's session.
    KfCreateSession {
        /// The customer-service account, such as `name@wxid`.
        kf_account: text = "KfAccount";
    }
}

view! {
    /// 关闭会话: the user's session was closed.
    KfCloseSession {
        /// The customer-service account.
        kf_account: text = "KfAccount";
        /// How the session was closed, if reported.
        close_type: value = "CloseType";
    }
}

view! {
    /// 转接会话: the user's session was transferred to another agent.
    KfSwitchSession {
        /// The previous account of the session.
        from_kf_account: text = "FromKfAccount";
        /// The new account of the session.
        to_kf_account: text = "ToKfAccount";
    }
}

view! {
    /// 进入会话事件: the user opened the customer service of a mini-program.
    UserEnterTempsession {
        /// The `session-from` of the button that was tapped.
        session_from: text = "SessionFrom";
    }
}

view! {
    /// 客户扫顾问二维码: a user scanned the QR code of a shopping guide (导购).
    GuideQrcodeScan {
        /// The account of the guide.
        guide_account: text = "qrcode_guide_account" in "GuideScanEvent";
        /// The openid of the guide.
        guide_openid: text = "qrcode_guide_openid" in "GuideScanEvent";
        /// The openid of the user.
        openid: text = "openid" in "GuideScanEvent";
        /// The user's action, as numbered by the platform.
        action: text = "action" in "GuideScanEvent";
        /// The data that the QR code was created with.
        qrcode_info: text = "qrcode_info" in "GuideScanEvent";
    }
}
