//! The standalone server with a settings file: its replies to pushes and its log.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Request, StatusCode};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::timeout;
use tower_wechat::callback::Mode;
use tower_wechat::{Clock, SystemClock};

use crate::callback::inbox::embedded::Folder;
use crate::callback::support::{APPID, Platform};
use crate::examples::{File, SETTINGS, example, exchange, start};

const TOKEN: &str = "callbacktoken";

async fn serve(name: &str, more: &str) -> (Child, String, File) {
    let file = File::new(name, &format!("{SETTINGS}\n{more}"));
    let mut command = example("standalone");
    command.arg("--config").arg(&file.0);
    let (child, base) = start(command).await;
    (child, base, file)
}

/// Pushes a document with these fields and returns the status and the reply.
async fn push(base: &str, nonce: &str, fields: &str) -> (StatusCode, String) {
    let now = SystemClock::default().now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let document = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{now}</CreateTime>{fields}</xml>"
    );
    let platform = Platform::new(Mode::Secure)
        .token(TOKEN)
        .aes_key("a".repeat(43))
        .timestamp(now)
        .nonce(nonce)
        .random([7; 16]);
    let mut push = platform.push(&document);
    let body = format!("<xml><Encrypt>{}</Encrypt></xml>", push.encrypt());
    push.path(format!("{base}/v1/service/wx/wxmsg/{APPID}/"))
        .body(body);
    let (status, _, body) = exchange(push.request_with(push.body.clone().into())).await;
    let body = String::from_utf8(body.to_vec()).unwrap();
    if !body.contains("<Encrypt>") {
        return (status, body);
    }
    let document = platform.open(&body);
    let content = document.split("<Content><![CDATA[").nth(1).unwrap();
    (status, content.split("]]>").next().unwrap().to_owned())
}

/// Returns the lines logged so far.
async fn log(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = String::new();
    while let Ok(Ok(Some(line))) = timeout(Duration::from_millis(500), lines.next_line()).await {
        log += &(line + "\n");
    }
    log
}

fn text(content: &str, id: u32) -> String {
    format!("<MsgType>text</MsgType><Content>{content}</Content><MsgId>{id}</MsgId>")
}

#[tokio::test]
async fn real_followers_get_no_echo() {
    let (mut child, base, _file) = serve("no-echo", "").await;
    let pushed = push(&base, "n1", &text("secret words", 1)).await;
    assert_eq!(pushed, (StatusCode::OK, "success".into()));
    let log = log(&mut child).await;
    assert!(log.contains("only acknowledged and logged"), "{log}");
    let line = log
        .lines()
        .find(|line| line.contains("a push was answered"))
        .unwrap();
    for part in [
        APPID,
        "kind=\"text\"",
        "msg_id=\"1\"",
        "outcome=\"success\"",
    ] {
        assert!(line.contains(part), "{line} lacks {part}");
    }
    assert!(!log.contains("secret words"), "{log}");
}

#[tokio::test]
async fn fixed_answers_match_keyword_scene_and_event() {
    let replies = r#"
        [reply]
        default = "later"
        [reply.keywords]
        "open" = "9 to 21"
        "open on Sunday" = "closed"
        [reply.scenes]
        "order-" = "order received"
        [reply.events]
        subscribe = "welcome"
        "CLICK:contact" = "call us"
    "#;
    let (_child, base, _file) = serve("fixed", replies).await;
    let event = |event: &str, key: &str| {
        format!("<MsgType>event</MsgType><Event>{event}</Event><EventKey>{key}</EventKey>")
    };
    for (nonce, fields, reply) in [
        ("n1", text("are you open?", 1), "9 to 21"),
        ("n2", text("are you open on Sunday?", 2), "closed"),
        ("n3", text("hello", 3), "later"),
        ("n4", event("SCAN", "order-42"), "order received"),
        (
            "n5",
            event("subscribe", "qrscene_order-42"),
            "order received",
        ),
        ("n6", event("subscribe", ""), "welcome"),
        ("n7", event("CLICK", "contact"), "call us"),
        ("n8", event("CLICK", "other"), "success"),
        ("n9", event("LOCATION", ""), "success"),
    ] {
        let pushed = push(&base, nonce, &fields).await;
        assert_eq!(pushed, (StatusCode::OK, reply.to_owned()), "{fields}");
    }
}

#[tokio::test]
async fn the_log_has_one_line_per_request() {
    let (mut child, base, _file) = serve("log", "").await;
    let post = |path: &str, key: &str, body: &str| {
        Request::post(format!("{base}{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {key}"))
            .header("x-request-id", "caller-1")
            .body(body.to_owned().into())
            .unwrap()
    };
    let good = "a-key-of-sixteen-characters-or-more";
    let body = format!(r#"{{"source":"shop","appid":"{APPID}","scene":"a"}}"#);
    exchange(post("/v1/service/wx/getwxqrcode", good, &body)).await;
    exchange(post("/v1/service/wx/getwxqrcode", "wrong", &body)).await;
    exchange(post(
        "/v1/service/wx/getwxqrcode/",
        good,
        r#"{"sauce":"x"}"#,
    ))
    .await;
    exchange(post("/v1/service/wx/nosuch", good, &body)).await;
    exchange(post("/elsewhere", good, &body)).await;
    push(&base, "n1", &text("hi", 7)).await;
    push(&base, "n2", &text("hi", 7)).await;
    let forged = format!(
        "{base}/v1/service/wx/wxmsg/{APPID}?signature={}&timestamp=1&nonce=n",
        "0".repeat(40)
    );
    exchange(Request::post(forged).body("".into()).unwrap()).await;
    let log = log(&mut child).await;
    let one = |parts: &[&str]| {
        let is_it = |line: &&str| parts.iter().all(|part| line.contains(part));
        assert_eq!(log.lines().filter(is_it).count(), 1, "{parts:?} in {log}");
    };
    let request = ["route=\"getwxqrcode\"", "request_id=caller-1"];
    one(&[
        &request[..],
        &[
            "source=\"shop\"",
            "appid=\"wx3cc8fd6963e31a32\"",
            "status=502",
            "code=3584004",
            "ms=",
            "Connection refused",
        ],
    ]
    .concat());
    one(&[&request[..], &["status=401"]].concat());
    one(&[
        &request[..],
        &["status=400", "sauce", "did you mean source?"],
    ]
    .concat());
    one(&["no such route", "/v1/service/wx/nosuch"]);
    one(&["no such route", "/elsewhere"]);
    assert_eq!(log.matches("a push was answered").count(), 2, "{log}");
    one(&["a push was refused", "reason=\"timestamp\"", APPID]);
}

#[tokio::test]
async fn limits_come_from_the_file() {
    let limits = "[limits]\npush_bytes = 2048\nremembered_pushes = 1\n\
                  [reply]\ndefault = \"later\"";
    let (_child, base, _file) = serve("limits", limits).await;
    let long = push(&base, "n1", &text(&"x".repeat(2048), 1)).await;
    assert_eq!(long.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(push(&base, "n2", &text("hi", 2)).await.1, "later");

    let file = File::new(
        "limits-wrong",
        &format!("{SETTINGS}\n[limits]\nrunning_pushes = 0"),
    );
    let output = example("standalone")
        .arg("--config")
        .arg(&file.0)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("limits.running_pushes: must be 1 to 100000 (it is 0)"),
        "{said}"
    );
}

#[tokio::test]
async fn localhost_is_an_address() {
    let file = File::new("localhost", &SETTINGS.replace("127.0.0.1:0", "localhost:0"));
    let mut command = example("standalone");
    command.arg("--config").arg(&file.0);
    let (_child, base) = start(command).await;
    assert!(base.starts_with("http://127.0.0.1:"), "{base}");
}

const EXAMPLE: &str = include_str!("../../examples/standalone/config.example.toml");

#[tokio::test]
async fn the_described_file_is_read() {
    // Not in the working directory.
    let folder = Folder::new("described");
    let path = folder.file().display().to_string();
    let file = File::new("described", &EXAMPLE.replace("data/inbox.redb", &path));
    let mut command = example("standalone");
    command
        .args(["--listen", "127.0.0.1:0", "--config"])
        .arg(&file.0);
    let (_child, base) = start(command).await;
    assert!(base.starts_with("http://"));
    assert!(folder.file().exists());
}

/// The described file has every option of the settings.
#[test]
fn every_option_is_described() {
    let sources = [
        include_str!("../../examples/standalone/config/mod.rs"),
        include_str!("../../examples/standalone/config/access.rs"),
        include_str!("../../examples/standalone/config/apps.rs"),
        include_str!("../../examples/standalone/config/forward.rs"),
        include_str!("../../examples/standalone/config/inbox.rs"),
        include_str!("../../examples/standalone/config/limits.rs"),
        include_str!("../../examples/standalone/config/reply.rs"),
        include_str!("../../examples/standalone/config/server.rs"),
        include_str!("../../examples/standalone/config/timeouts.rs"),
    ];
    let mut options = BTreeSet::new();
    for source in sources {
        for table in source.split("#[serde(deny_unknown_fields)]").skip(1) {
            let fields = table.split("\n}").next().unwrap().lines().skip(1);
            let names = fields
                .filter_map(|line| line.trim().split_once(':'))
                .map(|(name, _)| name);
            let names = names.map(|name| name.rsplit(' ').next().unwrap());
            options.extend(
                names.filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')),
            );
        }
    }
    assert!(options.len() > 40, "{options:?}");
    for option in options {
        let forms = [
            format!("{option} = "),
            format!("[{option}]"),
            format!("[[{option}]]"),
            format!(".{option}]"),
        ];
        assert!(
            forms.iter().any(|form| EXAMPLE.contains(form.as_str())),
            "{option} is not described"
        );
    }
}
