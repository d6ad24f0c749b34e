//! The customer service: its sessions, and users who enter it. Source: 客服消息, 会话状态通知,
//! 接收消息和事件 (小程序).

view! {
    /// 接入会话: a person of the customer service took the user's session.
    KfCreateSession {
        /// The account of the customer service, such as `name@wxid`.
        kf_account: text = "KfAccount";
    }
}

view! {
    /// 关闭会话: the user's session ended.
    KfCloseSession {
        /// The account of the customer service.
        kf_account: text = "KfAccount";
        /// How it ended, if the platform says.
        close_type: value = "CloseType";
    }
}

view! {
    /// 转接会话: the user's session went over to another person of the customer service.
    KfSwitchSession {
        /// The account that had it.
        from_kf_account: text = "FromKfAccount";
        /// The account that has it now.
        to_kf_account: text = "ToKfAccount";
    }
}

view! {
    /// 进入会话事件: the user opened the customer service of a mini-program.
    UserEnterTempsession {
        /// What the button that was tapped has as `session-from`.
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
        /// What the user did, as the platform numbers it.
        action: text = "action" in "GuideScanEvent";
        /// What the QR code was made with.
        qrcode_info: text = "qrcode_info" in "GuideScanEvent";
    }
}
