//! A user's text is read as typed and cannot add or change fields.

mod bytes;
mod property;

use std::sync::{Arc, Mutex};

use tower::service_fn;
use tower::util::BoxCloneSyncService;
use tower_wechat::callback::handler_fn;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{AppId, BoxError, Event, Message, Reply};

use super::support::{APPID, MODES, NOW, Platform};

/// Returns a push with these fields after the common ones, and `MsgId` 9 at its end.
fn push(fields: &[(&str, &str)]) -> String {
    document(fields, "<MsgId>9</MsgId>")
}

fn document(fields: &[(&str, &str)], end: &str) -> String {
    let has_others =
        |value: &str| value.starts_with("<ScanType>") || value.starts_with("<Location_X>");
    let fields = fields.iter().map(|(name, value)| match has_others(value) {
        false => format!("<{name}><![CDATA[{value}]]></{name}>"),
        true => format!("<{name}>{value}</{name}>"),
    });
    let fields: String = fields.collect();
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName>\
         <FromUserName><![CDATA[o1]]></FromUserName><CreateTime>{NOW}</CreateTime>{fields}{end}</xml>"
    )
}

fn text(content: &str) -> String {
    push(&[("MsgType", "text"), ("Content", content)])
}

fn event(event: &str, fields: &[(&str, &str)]) -> String {
    let head = [("MsgType", "event"), ("Event", event)];
    document(&[&head, fields].concat(), "")
}

fn read(document: &str) -> Message {
    Message::parse(AppId::new(APPID).unwrap(), document.to_owned()).expect(document)
}

/// Returns the text with CDATA marks as the platform facts write them.
fn marks(text: &str) -> String {
    text.replace('⟦', "<![CDATA[").replace('⟧', "]]>")
}

fn names(message: &Message) -> Vec<&str> {
    message.fields().map(|field| field.name()).collect()
}

const HEAD: [&str; 4] = ["ToUserName", "FromUserName", "CreateTime", "MsgType"];

fn texts_are_as_typed(texts: &[&str]) {
    for typed in texts {
        let typed = marks(typed);
        let message = read(&text(&typed));
        assert_eq!(message.field("Content"), Some(&*typed));
        assert_eq!(
            (message.from_user_name(), message.msg_id()),
            ("o1", Some("9"))
        );
        assert_eq!(names(&message)[..4], HEAD);
        assert_eq!(names(&message)[4..], ["Content", "MsgId"], "{typed}");
        assert!(!message.is_ambiguous());
        assert!(matches!(message.event(), Event::Text(text) if text.content() == typed));
    }
}

#[test]
fn a_text_with_xml_is_read_as_typed() {
    texts_are_as_typed(&[
        "<a><status>⟦x⟧</status></a>",
        "<xml><Content>⟦x⟧</Content></xml>",
        "⟦⟧",
        "⟦",
        "<!-- ⟧ -->",
    ]);
}

#[test]
fn a_text_with_a_cdata_end_is_read_as_typed() {
    texts_are_as_typed(&["a⟧b", "⟧", "⟧⟧", "]⟧", "a⟧", "⟧ ", "a]]", "a]", ">"]);
}

#[test]
fn a_text_of_code_is_read_as_typed() {
    texts_are_as_typed(&["if (a[b[0]]>1 && c<2)", "a[b[0]]>c[d[1]]>e", "x⟧<y", "⟧&⟦"]);
}

#[test]
fn a_text_cannot_add_a_field() {
    texts_are_as_typed(&[
        "x⟧</Content><MsgId>1</MsgId><Content>⟦y",
        "x⟧</Content><FromUserName>⟦oVICTIM⟧</FromUserName><Content>⟦y",
        "x⟧</Content><MsgType>⟦event⟧</MsgType><Event>⟦subscribe⟧</Event><Content>⟦y",
    ]);
}

#[test]
fn a_text_cannot_hide_a_cdata_end() {
    texts_are_as_typed(&[
        "x⟧</Content><MsgId>1</MsgId><!--",
        "x⟧</Content><MsgId>1</MsgId><?p ",
        "x⟧</Content><MsgId>1</MsgId><a b=\"",
        "x⟧</Content><X><Content>⟦",
        "x⟧</Content></xml><!--",
        "x⟧<⟧</",
        "x⟧<a><⟧</a></",
        "x⟧<!DOCTYPE a>",
        "x⟧</Content><!DOCTYPE a><Content>⟦",
    ]);
}

#[test]
fn a_text_cannot_end_the_document() {
    texts_are_as_typed(&[
        "x⟧</Content></xml>",
        "⟧</Content></xml>\0",
        "x⟧</xml>",
        "</xml>",
    ]);
}

#[test]
fn markup_in_a_text_counts_towards_no_limit() {
    let deep = format!("⟧{}", "<a>".repeat(600));
    texts_are_as_typed(&[&deep, &"⟧<a/>".repeat(600), &"⟧</Content>⟦".repeat(200)]);
}

#[test]
fn a_cdata_end_split_over_two_sections_is_joined() {
    let message = read(&text(&marks("a]]⟧⟦>b")));
    assert_eq!(message.field("Content"), Some("a]]>b"));
    let message = read(&marks(
        "<xml><MsgType>text</MsgType><Content>⟦a⟧b⟦c]]⟧⟦>d⟧</Content></xml>",
    ));
    assert_eq!(message.field("Content"), Some(&*marks("a⟧b⟦c⟧d")));
}

#[test]
fn a_link_is_split_between_its_fields() {
    let link = |title: &str, description: &str, url: &str| {
        let fields = [title, description, url].map(marks);
        let [title, description, url] = &fields;
        let document = push(&[
            ("MsgType", "link"),
            ("Title", title),
            ("Description", description),
            ("Url", url),
        ]);
        let message = read(&document);
        assert_eq!(
            names(&message)[3..],
            ["MsgType", "Title", "Description", "Url", "MsgId"]
        );
        assert_eq!(message.msg_id(), Some("9"));
        let read =
            ["Title", "Description", "Url"].map(|name| message.field(name).unwrap().to_owned());
        (read, fields.clone(), message.is_ambiguous())
    };
    for (title, description, url) in [
        ("a", "b⟧</Title>c", "u"),
        (
            "a⟧</Title><X><Title>⟦",
            "b⟧</Description></X><Description>⟦c",
            "u",
        ),
        ("a", "b", "u⟧</Url><MsgId>1</MsgId><Url>⟦v"),
        ("⟧", "⟧", "⟧"),
        ("a⟧</Title>", "<Title>⟦b", "c"),
        ("a⟧</Title><Url>⟦x", "b", "c"),
    ] {
        let (read, typed, ambiguous) = link(title, description, url);
        assert_eq!(read, typed);
        assert!(!ambiguous, "{typed:?}");
    }
    let (read, _, ambiguous) = link("a", "b⟧</Title><Description>⟦c", "u");
    assert_eq!(read, ["a", &marks("b⟧</Title><Description>⟦c"), "u"]);
    assert!(ambiguous);
}

#[test]
fn an_empty_field_between_two_is_skipped() {
    for empty in [
        "<Description></Description>",
        "<Description/>",
        "<Description>⟦⟧</Description>",
    ] {
        let message = read(&marks(&format!(
            "<xml><MsgType>link</MsgType><Title>⟦a⟧b⟧</Title>\n{empty}\n<Url>⟦c⟧d⟧</Url><MsgId>9</MsgId></xml>"
        )));
        let fields = ["Title", "Description", "Url"].map(|name| message.field(name).unwrap());
        assert_eq!(fields, [marks("a⟧b"), String::new(), marks("c⟧d")]);
    }
}

#[test]
fn white_space_around_cdata_is_ignored() {
    let message = read(&marks(
        "<xml>\n<MsgType>\n⟦link⟧\n</MsgType>\n<Title>\n⟦a⟧b⟧\n</Title>\n<Description>\n⟦c⟧\n\
         </Description>\n<New>⟦n⟧</New>\n<Url>⟦d⟧</Url>\n<MsgId>9</MsgId>\n</xml>\n",
    ));
    let fields = ["Title", "Description", "New", "Url"].map(|name| message.field(name).unwrap());
    assert_eq!(fields, [&*marks("a⟧b"), "c", "n", "d"]);
    assert_eq!(message.msg_id(), Some("9"));
}

#[test]
fn a_platform_field_between_two_user_fields_cannot_be_forged() {
    let page = |path: &str| {
        read(&push(&[
            ("MsgType", "miniprogrampage"),
            ("Title", "t"),
            ("AppId", "wx1"),
            ("PagePath", &marks(path)),
            ("ThumbUrl", "u"),
        ]))
    };
    let message = page("a⟧b");
    assert_eq!(message.field("PagePath"), Some("a]]>b"));
    assert_eq!(message.field("AppId"), Some("wx1"));
    assert_eq!(message.field("ThumbUrl"), Some("u"));

    let forged = "x⟧</Title><AppId>⟦EVIL⟧</AppId><PagePath>⟦y";
    let message = page(forged);
    assert_eq!(message.field("AppId"), None);
    assert_eq!(message.field("Title"), Some("t"));
    assert_eq!(message.field("PagePath"), Some(&*marks(forged)));
    assert_eq!(message.field("ThumbUrl"), Some("u"));
    assert!(message.is_ambiguous());
}

#[test]
fn a_scan_result_is_read_unchanged() {
    for name in ["scancode_push", "scancode_waitmsg", "SCANCODE_PUSH"] {
        let typed = marks(
            "r⟧</ScanResult></ScanCodeInfo><FromUserName>⟦oV⟧</FromUserName><ScanCodeInfo><ScanResult>⟦s",
        );
        let info = format!(
            "<ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[{typed}]]></ScanResult>"
        );
        let message = read(&event(name, &[("EventKey", "k"), ("ScanCodeInfo", &info)]));
        let info = message
            .fields()
            .find(|field| field.name() == "ScanCodeInfo")
            .unwrap();
        assert_eq!(info.field("ScanResult"), Some(&*typed));
        assert_eq!(info.field("ScanType"), Some("qrcode"));
        assert_eq!(names(&message)[4..], ["Event", "EventKey", "ScanCodeInfo"]);
    }
}

#[test]
fn a_scene_is_read_unchanged() {
    let key = marks("k⟧</EventKey><Ticket>⟦E⟧</Ticket><EventKey>⟦");
    for name in ["SCAN", "scan", "subscribe"] {
        let message = read(&event(name, &[("EventKey", &key), ("Ticket", "T")]));
        assert_eq!(
            (message.event_key(), message.field("Ticket")),
            (Some(&*key), Some("T"))
        );
        assert_eq!(names(&message)[4..], ["Event", "EventKey", "Ticket"]);
    }
}

#[test]
fn a_location_is_split_between_its_fields() {
    let place = |label: &str| {
        let info = format!(
            "<Location_X><![CDATA[1]]></Location_X><Label><![CDATA[{label}]]></Label>\
             <Poiname><![CDATA[p]]></Poiname>"
        );
        let message = read(&event("location_select", &[("SendLocationInfo", &info)]));
        let info = message
            .fields()
            .find(|field| field.name() == "SendLocationInfo")
            .unwrap();
        let fields = ["Label", "Poiname"].map(|name| info.field(name).unwrap().to_owned());
        (fields, message.is_ambiguous())
    };
    assert_eq!(place(&marks("l⟧m")), ([marks("l⟧m"), "p".into()], false));
    let (fields, ambiguous) = place(&marks("l⟧</Label><Poiname>⟦q"));
    assert_eq!(fields, ["l".into(), marks("q⟧</Label><Poiname>⟦p")]);
    assert!(ambiguous);
    // A message has no second field to mark its end.
    let label = marks("l⟧</Label><Scale>⟦1");
    let message = read(&push(&[
        ("MsgType", "location"),
        ("Scale", "9"),
        ("Label", &label),
    ]));
    assert_eq!(
        (message.field("Label"), message.field("Scale")),
        (Some(&*label), Some("9"))
    );
}

#[test]
fn the_other_kinds_are_read_as_typed() {
    let typed = &*marks("a⟧b⟧</F><G>");
    for (fields, name) in [
        (
            &[
                ("MsgType", "voice"),
                ("MediaId", "m"),
                ("Recognition", typed),
            ][..],
            "Recognition",
        ),
        (
            &[("MsgType", "file"), ("Title", typed), ("Description", "d")],
            "Title",
        ),
        (
            &[("MsgType", "file"), ("Title", "t"), ("Description", typed)],
            "Description",
        ),
        (
            &[
                ("MsgType", "miniprogrampage"),
                ("Title", typed),
                ("PagePath", "p"),
            ],
            "Title",
        ),
    ] {
        let message = read(&push(fields));
        assert_eq!(message.field(name), Some(typed));
        assert_eq!(message.msg_id(), Some("9"));
    }
    let message = read(&event("user_enter_tempsession", &[("SessionFrom", typed)]));
    assert_eq!(message.field("SessionFrom"), Some(typed));
}

#[test]
fn a_push_of_a_kind_without_the_field_is_read() {
    let message = read(&push(&[
        ("MsgType", "new_kind"),
        ("Remark", "a]]>b <c"),
        ("New", "1"),
    ]));
    assert_eq!(message.field("Remark"), Some("a]]>b <c"));
    assert_eq!(
        (message.field("New"), message.msg_id()),
        (Some("1"), Some("9"))
    );
}

/// Every mode reads the text the same, and so do the plain fields next to the ciphertext.
#[tokio::test]
async fn the_handler_gets_the_text_as_typed() {
    let typed = marks("x⟧</Content><Encrypt>⟦e⟧</Encrypt><FromUserName>⟦oV⟧</FromUserName><a>");
    for mode in MODES {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let handler = BoxCloneSyncService::new(service_fn(move |message: Message| {
            let of = (
                message.from_user_name().to_owned(),
                message.field("Content").map(String::from),
            );
            kept.lock().unwrap().push(of);
            async { Ok::<_, BoxError>(Reply::none()) }
        }));
        // In 兼容模式 the plain text precedes the ciphertext.
        let platform = Platform::new(mode).clear(text(&typed));
        let callback = platform.callback(handler);
        let push = platform.push(&text(&typed));
        assert_eq!(push.send(&callback).await.status(), 200, "{mode:?}");
        assert_eq!(
            *seen.lock().unwrap(),
            [("o1".to_owned(), Some(typed.clone()))]
        );
    }
}

/// The sandbox writes texts as the platform does.
#[tokio::test]
async fn the_sandbox_does_not_escape_a_text() {
    let sandbox = Sandbox::new();
    let typed = marks("a⟧b</Content>");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let handler = handler_fn(move |message: Message| {
        let content = message.field("Content").map(str::to_owned);
        kept.lock()
            .unwrap()
            .push((content, message.raw().to_owned()));
        async { Reply::none() }
    });
    let routes = sandbox
        .wechat()
        .routes()
        .on_message(handler)
        .prefix("/v1/service/wx");
    let delivery = sandbox
        .push(Push::text(&sandbox.user("Hui"), &typed), routes)
        .await;
    assert_eq!(delivery.attempts.len(), 1);
    let seen = seen.lock().unwrap();
    let (content, raw) = seen.first().unwrap();
    assert_eq!(content.as_deref(), Some(&*typed));
    assert!(raw.contains(&format!("<![CDATA[{typed}]]>")), "{raw}");
}
