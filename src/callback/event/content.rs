//! Messages that users send. Source: 接收普通消息.
//!
//! Media can be downloaded by their MediaId for three days.

view! {
    /// 文本消息: the user sent a text.
    Text {
        /// The text. For a kind of message that the platform does not push, this is a notice that
        /// says so.
        content: text = "Content";
        /// The entry that the user tapped, if the text is the answer to a customer-service menu
        /// message.
        menu_id: value = "bizmsgmenuid";
    }
}

view! {
    /// 图片消息: the user sent an image.
    Image {
        /// The URL of the image, hosted by the platform.
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
        /// The recognized speech, if speech recognition is enabled for the account.
        recognition: value = "Recognition";
    }
}

view! {
    /// 视频消息: the user sent a video.
    Video {
        /// The video as a temporary medium.
        media_id: text = "MediaId";
        /// The thumbnail as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}

view! {
    /// 小视频消息: the user sent a short video.
    ShortVideo {
        /// The video as a temporary medium.
        media_id: text = "MediaId";
        /// The thumbnail as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}

view! {
    /// 地理位置消息: the user sent a location. See [`LocationReport`](super::LocationReport) for
    /// the user's position.
    Location {
        /// The latitude (`Location_X`), in degrees.
        latitude: decimal = "Location_X";
        /// The longitude (`Location_Y`), in degrees.
        longitude: decimal = "Location_Y";
        /// The zoom level of the map.
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
        /// The description of the page.
        description: text = "Description";
        /// The URL of the page.
        url: text = "Url";
    }
}

view! {
    /// The user sent a file. It has no MediaId and cannot be downloaded.
    File {
        /// The name of the file.
        title: text = "Title";
        /// A description, usually absent.
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
    /// 小程序卡片消息: the user sent a card for a mini-program page to its customer service.
    MiniProgramPage {
        /// The title of the card.
        title: text = "Title";
        /// The mini-program.
        appid: text = "AppId";
        /// The page, with its query.
        page_path: text = "PagePath";
        /// The URL of the card's picture, hosted by the platform.
        thumb_url: text = "ThumbUrl";
        /// The picture of the card as a temporary medium.
        thumb_media_id: text = "ThumbMediaId";
    }
}
