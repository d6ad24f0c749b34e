use super::*;
use crate::AppId;
use crate::callback::Message;
use proptest::prelude::*;

fn push(fields: &str) -> Message {
    let text = format!("<xml><FromUserName>o1</FromUserName>{fields}</xml>");
    Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
}

fn event(name: &str, fields: &str) -> Message {
    push(&format!(
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{fields}"
    ))
}

fn subscribe(key: &str) -> Message {
    event(
        "subscribe",
        &format!("<EventKey><![CDATA[{key}]]></EventKey>"),
    )
}

fn scene(message: &Message) -> (Option<&str>, Option<&str>) {
    match message.event() {
        Event::Subscribe(subscribe) => (subscribe.scene(), subscribe.trade_no()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_prefix_is_taken_off_the_scene() {
    assert_eq!(
        scene(&subscribe("qrscene_order-42")),
        (Some("order-42"), None)
    );
    assert_eq!(
        scene(&subscribe("qrscene_qrscene_1")),
        (Some("qrscene_1"), None)
    );
    assert_eq!(scene(&subscribe("order-42")), (None, None));
    assert_eq!(scene(&subscribe("qrscene_")), (None, None));
    assert_eq!(scene(&subscribe("")), (None, None));
    assert_eq!(scene(&event("subscribe", "")), (None, None));
    assert_eq!(
        scene(&subscribe("last_trade_no_4200")),
        (None, Some("4200"))
    );
    assert_eq!(
        scene(&subscribe("qrscene_last_trade_no_1")),
        (Some("last_trade_no_1"), None)
    );
}

#[test]
fn event_names_are_read_in_any_case() {
    for name in ["SCAN", "scan", "Scan"] {
        let message = event(name, "<EventKey>7</EventKey><Ticket></Ticket>");
        let Event::Scan(scan) = message.event() else {
            panic!("{message:?}");
        };
        assert_eq!((scan.scene(), scan.ticket()), ("7", None));
    }
    let report = event(
        "LOCATION",
        "<Latitude>23.137466</Latitude><Precision>NaN</Precision>",
    );
    let Event::LocationReport(report) = report.event() else {
        panic!("{report:?}");
    };
    assert_eq!(
        (report.latitude(), report.precision()),
        (Some(23.137466), None)
    );
}

#[test]
fn every_message_has_its_view() {
    let names = |fields: &str| {
        let message = push(fields);
        let shown = format!("{:?}", message.event());
        shown.split('(').next().map(str::to_owned).unwrap()
    };
    for (msg_type, view) in [
        ("text", "Text"),
        ("image", "Image"),
        ("voice", "Voice"),
        ("video", "Video"),
        ("shortvideo", "ShortVideo"),
        ("location", "Location"),
        ("link", "Link"),
        ("file", "File"),
        ("miniprogrampage", "MiniProgramPage"),
        ("hologram", "Other"),
        ("", "Other"),
    ] {
        assert_eq!(names(&format!("<MsgType>{msg_type}</MsgType>")), view);
    }
    for (event, view) in [
        ("unsubscribe", "Unsubscribe"),
        ("CLICK", "Click"),
        ("VIEW", "View"),
        ("view_miniprogram", "ViewMiniprogram"),
    ] {
        assert_eq!(
            names(&format!("<MsgType>event</MsgType><Event>{event}</Event>")),
            view
        );
    }
}

#[test]
fn numbers_that_do_not_fit_are_none() {
    let place = push("<MsgType>location</MsgType><Location_X>23.1</Location_X><Scale>-1</Scale>");
    let Event::Location(location) = place.event() else {
        panic!("{place:?}");
    };
    assert_eq!(
        (location.latitude(), location.longitude()),
        (Some(23.1), None)
    );
    assert_eq!((location.scale(), location.poi_name()), (None, None));
}

#[test]
fn template_results_are_told_apart() {
    let outcome = |status: &str| {
        let fields = format!("<MsgID>3428411849815982087</MsgID><Status>{status}</Status>");
        match event("TEMPLATESENDJOBFINISH", &fields).event() {
            Event::TemplateSendJobFinish(result) => {
                assert_eq!(result.msg_id(), "3428411849815982087");
                result.outcome()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(outcome(" success "), TemplateOutcome::Delivered);
    assert_eq!(outcome("failed:user block"), TemplateOutcome::UserBlocked);
    assert_eq!(
        outcome("failed: system failed"),
        TemplateOutcome::SystemFailed
    );
    assert_eq!(
        outcome("failed:system failed"),
        TemplateOutcome::SystemFailed
    );
    assert_eq!(outcome("failed: else"), TemplateOutcome::Unknown);
    assert_eq!(outcome(""), TemplateOutcome::Unknown);
}

#[test]
fn other_keeps_every_field() {
    let message = event(
        "ShakearoundUserShake",
        "<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>1</ScanResult></ScanCodeInfo>",
    );
    let Event::Other(other) = message.event() else {
        panic!("{message:?}");
    };
    assert!(other.is("SHAKEAROUNDUSERSHAKE"));
    assert_eq!(other.event(), Some("ShakearoundUserShake"));
    let info = other
        .fields()
        .find(|field| field.name() == "ScanCodeInfo")
        .unwrap();
    assert_eq!(info.field("ScanResult"), Some("1"));
    assert_eq!(info.children().count(), 2);
}

/// Values with arbitrarily nested names of lists and of wrapper elements.
fn soup() -> impl Strategy<Value = String> {
    let names = [
        "List",
        "item",
        "SubscribeMsgPopupEvent",
        "PublishEventInfo",
        "article_detail",
        "fail_idx",
        "detail",
        "result",
        "SendPicsInfo",
        "PicList",
        "PicMd5Sum",
    ];
    let leaf = prop::sample::select(vec!["1", "\"x\"", "\"\"", "null", "[]", "{}", "-1.5"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(6, 48, 4, move |value| {
            let pair = (prop::sample::select(names.to_vec()), value.clone())
                .prop_map(|(name, value)| format!("\"{name}\":{value}"));
            prop_oneof![
                prop::collection::vec(pair, 0..4)
                    .prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
                prop::collection::vec(value, 0..4)
                    .prop_map(|values| format!("[{}]", values.join(","))),
            ]
        })
}

proptest! {
    #[test]
    fn views_of_nonsense_never_panic_nor_invent_elements(soup in soup()) {
        let most = soup.matches(':').count();
        for name in ["subscribe_msg_popup_event", "PUBLISHJOBFINISH", "wxa_media_check", "pic_weixin"] {
            let text = format!(
                r#"{{"MsgType":"event","Event":"{name}","SubscribeMsgPopupEvent":{soup},
                "PublishEventInfo":{soup},"detail":{soup},"SendPicsInfo":{soup}}}"#
            );
            let message = Message::parse(AppId::new("wx1").unwrap(), text).unwrap();
            let found = match message.event() {
                Event::SubscribeMsgPopup(popup) => popup.items().count(),
                Event::PublishJobFinish(publish) => {
                    publish.failed().count();
                    publish.articles().count()
                }
                Event::WxaMediaCheck(check) => {
                    let _ = (check.suggest(), check.label());
                    check.details().filter(|detail| detail.suggest().is_some()).count()
                }
                Event::PicWeixin(pics) => pics.pictures().filter(|it| !it.md5().is_empty()).count(),
                other => panic!("{other:?}"),
            };
            prop_assert!(found <= most, "{found} in {soup}");
        }
    }
}
