//! Messages that users send. Source: 接收普通消息.
//!
//! Media can be fetched by their MediaId for three days.

view! {
    /// 文本消息: the user wrote.
    Text {
        /// What the user wrote. For a kind of message that the platform does not pass on it is a
        /// notice that says so.
        content: text = "Content";
        /// The entry that the user tapped, if the text came from a menu message of the customer
        /// service.
        menu_id: value = "bizmsgmenuid";
    }
}

view! {
    /// 图片消息: the user sent an image.
    Image {
        /// Where the image can be seen, made by the platform.
        pic_url: text = "PicUrl";
        /// The image as a temporary medium.
        media_id: text = "MediaId";
    }
}

view! {
    /// 语音消息: the user sent a voice recording.
    Voice {
        /// The recording as a temporary medium.
        media_id: text = "MediaId";
        /// The recording at 16 kHz as a temporary medium.
        media_id_16k: value = "MediaId16K";
        /// The format: `amr` or `speex`.
        format: text = "Format";
        /// What was said, if the account has speech recognition switched on.
        recognition: value = "Recognition";
    }
}

view! {
    /// 视频消息: the user sent a video.
    Video {
        /// The video as a temporary medium.
        media_id: text = "MediaId";
        /// Its still picture as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}

view! {
    /// 小视频消息: the user sent a short video.
    ShortVideo {
        /// The video as a temporary medium.
        media_id: text = "MediaId";
        /// Its still picture as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}

view! {
    /// 地理位置消息: the user sent a place. See [`LocationReport`](super::LocationReport) for where
    /// the user is.
    Location {
        /// The latitude (`Location_X`), in degrees.
        latitude: decimal = "Location_X";
        /// The longitude (`Location_Y`), in degrees.
        longitude: decimal = "Location_Y";
        /// The zoom of the map.
        scale: number u32 = "Scale";
        /// The address.
        label: text = "Label";
        /// The name of the place, if it has one.
        poi_name: value = "Poiname";
    }
}

view! {
    /// 链接消息: the user sent a link.
    Link {
        /// The title of the page.
        title: text = "Title";
        /// What the page is about.
        description: text = "Description";
        /// Where it leads.
        url: text = "Url";
    }
}

view! {
    /// The user sent a file. It has no MediaId, and cannot be fetched.
    File {
        /// The name of the file.
        title: text = "Title";
        /// A description, mostly absent.
        description: value = "Description";
        /// The platform's key of the file.
        file_key: text = "FileKey";
        /// The MD5 of the file, in hexadecimal digits.
        file_md5: text = "FileMd5";
        /// The length of the file, in bytes.
        file_total_len: number u64 = "FileTotalLen";
    }
}

view! {
    /// 小程序卡片消息: the user sent a card of a mini-program's page to its customer service.
    MiniProgramPage {
        /// The title of the card.
        title: text = "Title";
        /// The mini-program.
        appid: text = "AppId";
        /// The page, with its query.
        page_path: text = "PagePath";
        /// Where the picture of the card can be seen, made by the platform.
        thumb_url: text = "ThumbUrl";
        /// The picture of the card as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}
