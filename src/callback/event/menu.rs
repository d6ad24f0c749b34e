//! Taps on the account's menu. Source: 自定义菜单事件推送.
//!
//! Entries that scan a code, take pictures or choose a location push the result as an event. The
//! pictures and the location are then pushed as messages.

view! {
    /// 点击菜单拉取消息时的事件推送: the user tapped a menu entry with a key.
    Click {
        /// The key of the entry.
        key: text = "EventKey";
    }
}

view! {
    /// 点击菜单跳转链接时的事件推送: the user tapped a menu entry that opens a page.
    View {
        /// The URL of the page.
        url: text = "EventKey";
        /// The id of the entry, in a personalized menu (个性化菜单).
        menu_id: value = "MenuId";
    }
}

view! {
    /// 点击菜单跳转小程序的事件推送: the user tapped a menu entry that opens a mini-program.
    ViewMiniprogram {
        /// The page of the mini-program, with its query.
        page_path: text = "EventKey";
        /// The id of the entry, in a personalized menu (个性化菜单).
        menu_id: value = "MenuId";
    }
}

view! {
    /// 扫码推事件: the user tapped a scan entry and scanned a code.
    ScanCode {
        /// The key of the entry.
        key: text = "EventKey";
        /// The type of the code, such as `qrcode`.
        scan_type: text = "ScanType" in "ScanCodeInfo";
        /// The content of the code. For a barcode, it may start with the barcode type, as in
        /// `CODE_128,6901234`.
        scan_result: text = "ScanResult" in "ScanCodeInfo";
    }
}

view! {
    /// 发图: the user tapped a picture entry and sent pictures. Each is then pushed as an image
    /// message.
    SendPics {
        /// The key of the entry.
        key: text = "EventKey";
        /// The number of pictures.
        count: number u32 = "Count" in "SendPicsInfo";
        /// The pictures.
        pictures: list Picture = "PicList" in "SendPicsInfo";
    }
}

view! {
    /// A picture of [`SendPics`].
    part Picture {
        /// The MD5 of the picture in hexadecimal, which identifies the image message.
        md5: text = "PicMd5Sum";
    }
}

view! {
    /// 弹出地理位置选择器的事件推送: the user tapped a location entry and chose a location. It is
    /// then pushed as a location message.
    LocationSelect {
        /// The key of the entry.
        key: text = "EventKey";
        /// The latitude (`Location_X`), in degrees.
        latitude: decimal = "Location_X" in "SendLocationInfo";
        /// The longitude (`Location_Y`), in degrees.
        longitude: decimal = "Location_Y" in "SendLocationInfo";
        /// The zoom level of the map.
        scale: number u32 = "Scale" in "SendLocationInfo";
        /// The address.
        label: text = "Label" in "SendLocationInfo";
        /// The name of the place, if it has one.
        poi_name: value = "Poiname" in "SendLocationInfo";
    }
}
