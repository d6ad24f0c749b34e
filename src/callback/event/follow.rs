//! Users who come, scan, report where they are, and leave. Source: 接收事件推送.

/// What the platform puts in front of the scene when the scan made the user a follower.
const SCENE: &str = "qrscene_";
/// What it puts in front of a payment that made the user a follower.
const TRADE: &str = "last_trade_no_";

view! {
    /// 关注事件: the user follows the account.
    Subscribe {
        /// The ticket of the QR code that was scanned, if one was. It fetches the code's image.
        ticket: value = "Ticket";
    }
}

impl<'a> Subscribe<'a> {
    /// The scene of the QR code that was scanned, without the platform's `qrscene_`; `None` if the
    /// user came another way.
    pub fn scene(&self) -> Option<&'a str> {
        self.after(SCENE)
    }

    /// The number of the payment after which the user followed, without the platform's
    /// `last_trade_no_`.
    pub fn trade_no(&self) -> Option<&'a str> {
        self.after(TRADE)
    }

    fn after(&self, prefix: &str) -> Option<&'a str> {
        let rest = self.0.value("EventKey")?.strip_prefix(prefix)?;
        Some(rest).filter(|rest| !rest.is_empty())
    }
}

view! {
    /// 取消关注事件: the user left. There is nobody to answer. It may come several times.
    Unsubscribe {}
}

view! {
    /// 扫描带参数二维码事件: a follower scanned a QR code with a scene.
    Scan {
        /// The scene of the QR code.
        scene: text = "EventKey";
        /// The ticket of the QR code. It fetches the code's image.
        ticket: value = "Ticket";
    }
}

view! {
    /// 上报地理位置事件: where the user is, reported on entering the chat or every five seconds, as
    /// the account has it set.
    LocationReport {
        /// The latitude, in degrees.
        latitude: decimal = "Latitude";
        /// The longitude, in degrees.
        longitude: decimal = "Longitude";
        /// How precise the position is, in metres.
        precision: decimal = "Precision";
    }
}
