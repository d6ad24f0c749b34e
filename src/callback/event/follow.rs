//! Events of followers: following, scanning, reporting a position, and unfollowing. Source:
//! 接收事件推送.

/// The prefix of the scene if the user started to follow through the scan.
const SCENE: &str = "qrscene_";
/// The prefix of the payment number if the user started to follow after a payment.
const TRADE: &str = "last_trade_no_";

view! {
    /// 关注事件: the user started to follow the account.
    Subscribe {
        /// The ticket of the scanned QR code, if any. The image of the code can be downloaded with
        /// it.
        ticket: value = "Ticket";
    }
}

impl<'a> Subscribe<'a> {
    /// Returns the scene of the scanned QR code, without the platform's `qrscene_`. `None` if the
    /// user did not scan a code.
    pub fn scene(&self) -> Option<&'a str> {
        self.after(SCENE)
    }

    /// Returns the number of the payment after which the user started to follow, without the
    /// platform's `last_trade_no_`.
    pub fn trade_no(&self) -> Option<&'a str> {
        self.after(TRADE)
    }

    fn after(&self, prefix: &str) -> Option<&'a str> {
        // Removed once: a scene may itself begin with the prefix.
        let rest = self.0.value("EventKey")?.strip_prefix(prefix)?;
        Some(rest).filter(|rest| !rest.is_empty())
    }
}

view! {
    /// 取消关注事件: the user stopped following. No reply can reach the user. It may be pushed
    /// several times.
    Unsubscribe {}
}

view! {
    /// 扫描带参数二维码事件: a follower scanned a QR code with a scene.
    Scan {
        /// The scene of the QR code.
        scene: text = "EventKey";
        /// The ticket of the QR code. The image of the code can be downloaded with it.
        ticket: value = "Ticket";
    }
}

view! {
    /// 上报地理位置事件: the user's position, reported on entering the chat or every five seconds,
    /// depending on the account's settings.
    LocationReport {
        /// The latitude, in degrees.
        latitude: decimal = "Latitude";
        /// The longitude, in degrees.
        longitude: decimal = "Longitude";
        /// The precision of the position, in metres.
        precision: decimal = "Precision";
    }
}
