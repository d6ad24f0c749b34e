//! Events of users: subscribe, scan, menu click and unsubscribe.

use super::*;

golden!(subscribe: Subscribe = "subscribe"
    { EventKey: "qrscene_order-42", Ticket: "gQEx" } => |view| {
    assert_eq!((view.scene(), view.ticket()), (Some("order-42"), Some("gQEx")));
    assert_eq!(view.message().event_key(), Some("qrscene_order-42"));
});

golden!(unsubscribe: Unsubscribe = "unsubscribe" { EventKey: "" } => |view| {
    assert_eq!(view.message().event_key(), None);
});

golden!(scan: Scan = "SCAN" { EventKey: "order-42", Ticket: "gQEx" } => |view| {
    assert_eq!((view.scene(), view.ticket()), ("order-42", Some("gQEx")));
});

golden!(location: LocationReport = "LOCATION"
    { Latitude: "23.137466", Longitude: "113.352425", Precision: "119.385040" } => |view| {
    assert_eq!((view.latitude(), view.longitude()), (Some(23.137466), Some(113.352425)));
    assert_eq!(view.precision(), Some(119.38504));
});

golden!(click: Click = "CLICK" { EventKey: "MENU_HELP" } => |view| {
    assert_eq!(view.key(), "MENU_HELP");
});

golden!(view_page: View = "VIEW"
    { EventKey: "https://example.com/?a=1", MenuId: "1234" } => |view| {
    assert_eq!((view.url(), view.menu_id()), ("https://example.com/?a=1", Some("1234")));
});

golden!(view_miniprogram: ViewMiniprogram = "view_miniprogram"
    { EventKey: "pages/a?b=1", MenuId: "1234" } => |view| {
    assert_eq!((view.page_path(), view.menu_id()), ("pages/a?b=1", Some("1234")));
});

#[test]
fn scan_code() {
    let info = "<EventKey><![CDATA[SCAN_1]]></EventKey><ScanCodeInfo><ScanType><![CDATA[qrcode]]>\
        </ScanType><ScanResult><![CDATA[1]]></ScanResult></ScanCodeInfo>";
    let flat = r#""EventKey":"SCAN_1","ScanType":"qrcode","ScanResult":1"#;
    for message in [
        xml("scancode_waitmsg", info),
        json("Scancode_waitmsg", flat),
    ] {
        let scan = view!(message, ScanCodeWaitmsg);
        assert_eq!(
            (scan.key(), scan.scan_type(), scan.scan_result()),
            ("SCAN_1", "qrcode", "1")
        );
    }
    let push = xml("scancode_push", info);
    assert_eq!(view!(push, ScanCodePush).scan_result(), "1");
}

#[test]
fn pictures() {
    let info = "<EventKey><![CDATA[PIC_1]]></EventKey><SendPicsInfo><Count>2</Count><PicList>\
        <item><PicMd5Sum><![CDATA[5a75]]></PicMd5Sum></item>\
        <item><PicMd5Sum><![CDATA[1b5f]]></PicMd5Sum></item></PicList></SendPicsInfo>";
    let list = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":"2","PicList":[{"PicMd5Sum":"5a75"},{"PicMd5Sum":"1b5f"}]}"#;
    let item = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":2,"PicList":{"item":[{"PicMd5Sum":"5a75"},{"PicMd5Sum":"1b5f"}]}}"#;
    let each = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":2,"PicList":[{"item":{"PicMd5Sum":"5a75"}},{"item":{"PicMd5Sum":"1b5f"}}]}"#;
    let check = |pics: SendPics<'_>| {
        assert_eq!((pics.key(), pics.count()), ("PIC_1", Some(2)));
        let sums: Vec<_> = pics.pictures().map(|picture| picture.md5()).collect();
        assert_eq!(sums, ["5a75", "1b5f"]);
    };
    check(view!(xml("pic_weixin", info), PicWeixin));
    check(view!(xml("pic_sysphoto", info), PicSysphoto));
    check(view!(xml("pic_photo_or_album", info), PicPhotoOrAlbum));
    for shape in [list, item, each] {
        check(view!(json("pic_weixin", shape), PicWeixin));
    }
}

#[test]
fn location_select() {
    let message = xml(
        "location_select",
        "<EventKey><![CDATA[LOC_1]]></EventKey><SendLocationInfo><Location_X><![CDATA[23.1]]>\
         </Location_X><Location_Y><![CDATA[113.3]]></Location_Y><Scale><![CDATA[15]]></Scale>\
         <Label><![CDATA[某区]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo>",
    );
    let place = view!(message, LocationSelect);
    assert_eq!(
        (place.latitude(), place.longitude()),
        (Some(23.1), Some(113.3))
    );
    assert_eq!(
        (place.scale(), place.label(), place.poi_name()),
        (Some(15), "某区", None)
    );
    assert_eq!(place.key(), "LOC_1");
}
