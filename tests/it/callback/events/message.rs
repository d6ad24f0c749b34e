//! Messages of users, and the fields that all pushes share.

use super::*;

#[test]
fn undocumented_and_old_events_keep_every_field() {
    for name in [
        "poi_check_notify",
        "merchant_order",
        "WifiConnected",
        "ShakearoundUserShake",
        "ENTER",
        "wxa_nickname_audit",
        "wxa_category_audit",
        "wxa_illegal_record",
        "wxa_privacy_apply",
        "trade_manage_order_settlement",
        "xpay_goods_deliver_notify",
        "an_event_of_tomorrow",
        "",
    ] {
        let message = json(name, r#""comment":{"id":[1,2]},"ret":3"#);
        let other = view!(message, Other);
        assert_eq!(other.event().unwrap_or_default(), name);
        assert_eq!(other.msg_type(), "event");
        assert_eq!(other.field("ret"), Some("3"));
        let comment = other
            .fields()
            .find(|field| field.name() == "comment")
            .unwrap();
        assert_eq!(
            comment.children().map(|it| it.text()).collect::<Vec<_>>(),
            ["1", "2"]
        );
    }
}

#[test]
fn the_header_has_optional_fields() {
    let message = parse(
        "<xml><MsgType>text</MsgType><Content>a</Content><MsgId>1</MsgId><MsgDataId>xxxx</MsgDataId>\
         <Idx>2</Idx><bizmsgmenuid>101</bizmsgmenuid><BusinessId>7</BusinessId></xml>"
            .into(),
    );
    assert_eq!(
        (message.msg_data_id(), message.idx()),
        (Some("xxxx"), Some(2))
    );
    assert_eq!(message.business_id(), Some("7"));
    assert_eq!((message.event_name(), message.event_key()), (None, None));
    assert_eq!(view!(message, Text).menu_id(), Some("101"));
    let menu = parse(r#"{"MsgType":"text","BizMsgMenuId":101,"Idx":"x"}"#.into());
    assert_eq!((menu.msg_data_id(), menu.idx()), (None, None));
    assert_eq!(view!(menu, Text).menu_id(), Some("101"));
}

#[test]
fn messages() {
    let message = |msg_type: &str, fields: &[(&str, &str)]| {
        let [xml, json, _] = flat("", fields);
        let with = |message: &Message| {
            parse(
                message
                    .raw()
                    .replacen("event", msg_type, 1)
                    .replace("<Event><![CDATA[]]></Event>", "")
                    .replace(r#""Event":"","#, ""),
            )
        };
        [with(&xml), with(&json)]
    };
    for it in message(
        "image",
        &[
            ("PicUrl", "http://x/0"),
            ("MediaId", "M1"),
            ("MsgId", "25000000000000002"),
        ],
    ) {
        let image = view!(it, Image);
        assert_eq!((image.pic_url(), image.media_id()), ("http://x/0", "M1"));
        assert_eq!(it.msg_id_u64(), Some(25000000000000002));
    }
    for it in message(
        "voice",
        &[
            ("MediaId", "M2"),
            ("Format", "amr"),
            ("MediaId16K", "M2_16K"),
            ("Recognition", "查快递"),
        ],
    ) {
        let voice = view!(it, Voice);
        assert_eq!((voice.media_id(), voice.format()), ("M2", "amr"));
        assert_eq!(
            (voice.media_id_16k(), voice.recognition()),
            (Some("M2_16K"), Some("查快递"))
        );
    }
    for it in message("video", &[("MediaId", "M"), ("ThumbMediaId", "T")]) {
        assert_eq!(
            (
                view!(it, Video).media_id(),
                view!(it, Video).thumb_media_id()
            ),
            ("M", "T")
        );
    }
    for it in message("shortvideo", &[("MediaId", "M"), ("ThumbMediaId", "T")]) {
        assert_eq!(
            (
                view!(it, ShortVideo).media_id(),
                view!(it, ShortVideo).thumb_media_id()
            ),
            ("M", "T")
        );
    }
    for it in message(
        "location",
        &[
            ("Location_X", "23.134521"),
            ("Location_Y", "113.358803"),
            ("Scale", "16"),
            ("Label", "某路 1 号"),
        ],
    ) {
        let place = view!(it, Location);
        assert_eq!(
            (place.latitude(), place.longitude()),
            (Some(23.134521), Some(113.358803))
        );
        assert_eq!((place.scale(), place.label()), (Some(16), "某路 1 号"));
    }
    for it in message(
        "link",
        &[
            ("Title", "T"),
            ("Description", "D"),
            ("Url", "https://example.com/a?b=1&c=2"),
        ],
    ) {
        let link = view!(it, Link);
        assert_eq!((link.title(), link.description()), ("T", "D"));
        assert_eq!(link.url(), "https://example.com/a?b=1&c=2");
    }
    for it in message(
        "file",
        &[
            ("Title", "a.txt"),
            ("Description", ""),
            ("FileKey", "k"),
            ("FileMd5", "0a"),
            ("FileTotalLen", "7"),
        ],
    ) {
        let file = view!(it, File);
        assert_eq!((file.title(), file.description()), ("a.txt", None));
        assert_eq!(
            (file.file_key(), file.file_md5(), file.file_total_len()),
            ("k", "0a", Some(7))
        );
    }
    for it in message(
        "miniprogrampage",
        &[
            ("Title", "t"),
            ("AppId", "wx1"),
            ("PagePath", "pages/a?b=1"),
            ("ThumbUrl", "u"),
            ("ThumbMediaId", "M"),
        ],
    ) {
        let page = view!(it, MiniProgramPage);
        assert_eq!(
            (page.title(), page.appid(), page.page_path()),
            ("t", "wx1", "pages/a?b=1")
        );
        assert_eq!((page.thumb_url(), page.thumb_media_id()), ("u", "M"));
    }
}
