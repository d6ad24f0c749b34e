//! Taps on the account's menu. Source: 自定义菜单事件推送.
//!
//! The entries that scan, take pictures or choose a place report what came of it; the pictures and
//! the place then follow as messages.

view! {
    /// 点击菜单拉取消息时的事件推送: the user tapped a menu entry that has a key.
    Click {
        /// The key of the entry.
        key: text = "EventKey";
    }
}

view! {
    /// 点击菜单跳转链接时的事件推送: the user tapped a menu entry that opens a page.
    View {
        /// The page.
        url: text = "EventKey";
        /// The id of the entry, in a menu made for some users (个性化菜单).
        menu_id: value = "MenuId";
    }
}

view! {
    /// 点击菜单跳转小程序的事件推送: the user tapped a menu entry that opens a mini-program.
    ViewMiniprogram {
        /// The page of the mini-program, with its query.
        page_path: text = "EventKey";
        /// The id of the entry, in a menu made for some users (个性化菜单).
        menu_id: value = "MenuId";
    }
}

view! {
    /// 扫码推事件: the user tapped a menu entry that scans, and scanned something.
    ScanCode {
        /// The key of the entry.
        key: text = "EventKey";
        /// What was scanned, such as `qrcode`.
        scan_type: text = "ScanType" in "ScanCodeInfo";
        /// What it says. That of a barcode may have its kind in front, as in `CODE_128,6901234`.
        scan_result: text = "ScanResult" in "ScanCodeInfo";
    }
}

view! {
    /// 发图: the user tapped a menu entry that takes pictures, and sent some. Each follows as an
    /// image message.
    SendPics {
        /// The key of the entry.
        key: text = "EventKey";
        /// How many pictures were sent.
        count: number u32 = "Count" in "SendPicsInfo";
        /// The pictures.
        pictures: list Picture = "PicList" in "SendPicsInfo";
    }
}

view! {
    /// One picture of [`SendPics`].
    part Picture {
        /// The MD5 of the picture, in hexadecimal digits, to find the image message by.
        md5: text = "PicMd5Sum";
    }
}

view! {
    /// 弹出地理位置选择器的事件推送: the user tapped a menu entry that chooses a place, and chose
    /// one. It follows as a location message.
    LocationSelect {
        /// The key of the entry.
        key: text = "EventKey";
        /// The latitude (`Location_X`), in degrees.
        latitude: decimal = "Location_X" in "SendLocationInfo";
        /// The longitude (`Location_Y`), in degrees.
        longitude: decimal = "Location_Y" in "SendLocationInfo";
        /// The zoom of the map.
        scale: number u32 = "Scale" in "SendLocationInfo";
        /// The address.
        label: text = "Label" in "SendLocationInfo";
        /// The name of the place, if it has one.
        poi_name: value = "Poiname" in "SendLocationInfo";
    }
}
