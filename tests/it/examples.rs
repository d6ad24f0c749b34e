//! The examples, run as processes.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::callback::Mode;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::{Clock, SystemClock};

use crate::callback::support::{Platform, Push};
pub use crate::process::{example, start};

const PATIENCE: Duration = Duration::from_secs(30);

pub async fn exchange(request: Request<Bytes>) -> (StatusCode, http::HeaderMap, Bytes) {
    let transport = ReqwestTransport::new().unwrap();
    let response = timeout(PATIENCE, transport.oneshot(request))
        .await
        .unwrap()
        .unwrap();
    let (head, body) = response.into_parts();
    (head.status, head.headers, body)
}

async fn get(url: String) -> (StatusCode, http::HeaderMap, Bytes) {
    exchange(Request::get(url).body(Bytes::new()).unwrap()).await
}

pub async fn post(url: String, key: Option<&str>, body: Value) -> (StatusCode, Value) {
    let mut request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    let (status, _, body) = exchange(request.body(body.to_string().into()).unwrap()).await;
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn standalone_signs_a_user_in_and_answers_pushes() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (_child, base) = start(command).await;
    let authorize = format!(
        "{base}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=\
         http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024"
    );
    let (status, headers, _) = get(authorize).await;
    assert_eq!(status, StatusCode::FOUND);
    let location = headers[header::LOCATION].to_str().unwrap();
    let code = location
        .strip_prefix("http://blog.xyecho.com/?code=")
        .unwrap();
    let code = code.strip_suffix("&state=1024").unwrap();

    let url = format!("{base}/v1/service/wx/getwxuserinfo");
    let body = json!({"source": "curl-test", "appid": "wx3cc8fd6963e31a32", "code": code});
    let (status, envelope) = post(url.clone(), None, body.clone()).await;
    assert_eq!(
        (status, &envelope["ret"]["msg"]),
        (StatusCode::OK, &json!("OK"))
    );
    assert_eq!(envelope["body"]["nickname"], "Hui🐠");
    let (_, envelope) = post(url, None, body).await;
    assert_eq!(envelope["ret"]["errcode"], 40163);

    let push = format!("{base}/sandbox/control/push");
    let (_, report) = post(
        push.clone(),
        None,
        json!({"type": "text", "content": "hello"}),
    )
    .await;
    assert_eq!(report["attempts"][0]["text"], "you wrote: hello");
    let scan = json!({"type": "scan", "scene": "order-42"});
    for text in ["welcome via order-42", "scene order-42"] {
        let (_, report) = post(push.clone(), None, scan.clone()).await;
        assert_eq!(report["attempts"][0]["text"], text);
        assert_eq!(report["attempts"][0]["encrypted"], true);
    }
    let (status, _, body) = get(format!("{base}/v1/service/wx/wxmsg?signature=x")).await;
    assert_eq!((status, body.len()), (StatusCode::FORBIDDEN, 0));
}

#[tokio::test]
async fn standalone_makes_codes_and_sends_messages() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (_child, base) = start(command).await;
    let appid = "wx3cc8fd6963e31a32";
    let control = async |command: &str, body: Value| {
        let url = format!("{base}/sandbox/control/{command}");
        post(url, None, body).await.1
    };
    let route = async |route: &str, body: Value| {
        let url = format!("{base}/v1/service/wx/{route}");
        post(url, None, body).await
    };

    let body = json!({"source": "t", "appid": appid, "scene": "order-42"});
    let (status, envelope) = route("getwxqrcode", body).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    let scan = json!({"type": "scan", "ticket": envelope["body"]["ticket"]});

    let openid = control("user", json!({"nickname": "Hui🐠"})).await["openid"].clone();
    let template = json!({"title": "t", "content": "{{thing1.DATA}}"});
    let template_id = control("template", template).await["template_id"].clone();
    let message = json!({
        "source": "t", "appid": appid, "openid": openid, "template_id": template_id,
        "data": json!({"data": {"thing1": {"value": "茶叶"}}}).to_string(),
    });
    let (status, envelope) = route("sendwxtemplatemsg", message.clone()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(envelope["ret"]["errcode"], 43004);

    let report = control("push", scan).await;
    assert_eq!(report["attempts"][0]["text"], "welcome via order-42");
    let (status, envelope) = route("sendwxtemplatemsg", message).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    assert_eq!(envelope["body"]["msgid"].as_str().unwrap().len(), 19);
}

#[tokio::test]
async fn standalone_serves_mini_programs() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (_child, base) = start(command).await;
    let appid = "wx3cc8fd6963e31a32";
    let url = format!("{base}/v1/service/wx/getunlimitedqrcode");
    let body = json!({"source": "curl-test", "appid": appid, "scene": "order=42"});
    let (status, envelope) = post(url, None, body).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    let image = envelope["body"]["qr_buffer"].as_str().unwrap();
    assert!(image.starts_with("data:image/png;base64,"));

    let control = format!("{base}/sandbox/control/code");
    let (_, made) = post(control, None, json!({"type": "phone"})).await;
    let url = format!("{base}/v1/service/wx/getuserphone");
    let body = json!({"source": "curl-test", "appid": appid, "code": made["code"]});
    let (status, envelope) = post(url.clone(), None, body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{envelope}");
    assert_eq!(envelope["body"]["countryCode"], "86");
    let (status, envelope) = post(url, None, body.clone()).await;
    assert_eq!(
        (status.as_u16(), &envelope["ret"]["code"]),
        (422, &json!(3_584_008))
    );

    let url = format!("{base}/v1/service/wx/token");
    let (status, _) = post(url, None, body).await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "tokens are not served unless told so"
    );
}

/// A settings file for one test.
pub struct File(pub PathBuf);

impl File {
    pub fn new(name: &str, text: &str) -> Self {
        let name = format!("tower-wechat-{}-{name}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let owner = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&path, owner).unwrap();
        }
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub const SETTINGS: &str = r#"
listen = "127.0.0.1:0"
[platform]
api = "http://127.0.0.1:9"
[[apps]]
appid = "wx3cc8fd6963e31a32"
secret = "s3cr3t-of-the-app"
[apps.callback]
token = "callbacktoken"
aes_key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
mode = "secure"
[access]
keys = ["a-key-of-sixteen-characters-or-more"]
"#;

#[tokio::test]
async fn standalone_reads_a_file_and_requires_a_key() {
    let file = File::new("good", SETTINGS);
    let mut command = example("standalone");
    command.arg("--config").arg(&file.0);
    let (_child, base) = start(command).await;
    let url = format!("{base}/v1/service/wx/getwxuserinfo");
    let body = json!({"source": "t", "appid": "wx3cc8fd6963e31a32", "code": "x"});
    let (status, _) = post(url.clone(), None, body.clone()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // The request passes the key check and fails at the platform, where no server listens.
    let (status, envelope) = post(url, Some("a-key-of-sixteen-characters-or-more"), body).await;
    assert_eq!(
        (status, &envelope["ret"]["code"]),
        (StatusCode::BAD_GATEWAY, &json!(3584004))
    );
    let (status, ..) = get(format!("{base}/sandbox/cgi-bin/token")).await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "a real server plays no platform"
    );
    let now = SystemClock::default()
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let platform = Platform::new(Mode::Plaintext).token("callbacktoken");
    let mut echo = platform.timestamp(now.as_secs()).nonce("n1").echo("42");
    echo.path(format!("{base}/v1/service/wx/wxmsg"));
    let (status, headers, body) = get(echo.uri()).await;
    assert_eq!((status, &body[..]), (StatusCode::OK, &b"42"[..]));
    assert!(
        headers[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
}

#[tokio::test]
async fn an_invalid_setting_fails_the_start_with_one_line_that_names_it() {
    let without = |line: &str| SETTINGS.replace(line, "");
    let key = "aes_key = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"";
    let cases = [
        (without("secret = \"s3cr3t-of-the-app\""), "apps[0].secret"),
        (
            SETTINGS.replace("secret = ", "secret_env = \"NO_SUCH\"\n#"),
            "apps[0].secret_env",
        ),
        (
            without("token = \"callbacktoken\""),
            "apps[0].callback.token",
        ),
        (without(key), "apps[0].callback.aes_key"),
        (SETTINGS.replace("aaaa\"", "\""), "apps[0].callback.aes_key"),
        (
            SETTINGS.replace("\"secure\"", "\"none\""),
            "apps[0].callback.mode",
        ),
        (
            SETTINGS.replace("\"secure\"", "\"plaintext\""),
            "apps[0].callback.mode",
        ),
        (
            SETTINGS.replace("appid = \"wx3", "appid = \"wx 3"),
            "apps[0].appid",
        ),
        (
            SETTINGS.replace("http://127.0.0.1:9", "http://example.com"),
            "platform.api",
        ),
        (
            SETTINGS.replace("[platform]", "[platform]\nnosuch = 1"),
            "platform",
        ),
        (SETTINGS.replace("\"127.0.0.1:0\"", "\"nowhere\""), "listen"),
        (SETTINGS.replace("\"127.0.0.1:0\"", "7"), "listen"),
        (
            SETTINGS.replace("a-key-of-sixteen-characters-or-more", "short"),
            "access.keys",
        ),
        (
            SETTINGS.replace("[access]", "[access]\ntoken_keys = [\"short\"]"),
            "access.token_keys",
        ),
        (
            SETTINGS.replace("[access]", "[access]\nopen = true"),
            "access.open",
        ),
        (
            without("keys = [\"a-key-of-sixteen-characters-or-more\"]"),
            "access.keys",
        ),
        (
            without("[access]\nkeys = [\"a-key-of-sixteen-characters-or-more\"]"),
            "access.keys",
        ),
        (
            SETTINGS.replace("\"a-key-of-sixteen-characters-or-more\"", ""),
            "access.keys",
        ),
        (
            SETTINGS.replace("127.0.0.1:0", "0.0.0.0:0").replace(
                "keys = [\"a-key-of-sixteen-characters-or-more\"]",
                "open = true",
            ),
            "access.open",
        ),
        (
            SETTINGS.replace("[access]", "[server]\nheader_timeout = 0\n[access]"),
            "server.header_timeout",
        ),
        (
            SETTINGS.replace("[access]", "[server]\nidle_timeout = 9999\n[access]"),
            "server.idle_timeout",
        ),
        (
            SETTINGS.replace("[access]", "[access]\nhosts = [\"wx.example:8443\"]"),
            "access.hosts",
        ),
        (
            SETTINGS.replace("[access]", "[access]\nhosts = [\"https://wx.example\"]"),
            "access.hosts",
        ),
        (SETTINGS.replace("[access]", "[access"), "--config"),
        (
            SETTINGS.replace("s3cr3t-of-the-app", "s3cr3t of the app"),
            "apps[0].secret: contains whitespace",
        ),
        (
            SETTINGS.replace("s3cr3t-of-the-app", "s3cr3t"),
            "apps[0].secret: must have at least 16 characters (it has 6)",
        ),
        (
            SETTINGS.replace("callbacktoken", "ab"),
            "apps[0].callback.token: must have at least 3",
        ),
        (
            SETTINGS.replace("[apps.callback]", "token_grant = \"none\"\n[apps.callback]"),
            "apps[0].token_grant: unknown variant",
        ),
        (
            SETTINGS.replace("[apps.callback]", "secret_file = \"x\"\n[apps.callback]"),
            "apps[0].secret: is set twice",
        ),
        (
            SETTINGS.replace("secret = ", "secret_file = \"no/such\"\n#"),
            "apps[0].secret_file: no/such",
        ),
        (
            SETTINGS.replace("mode = ", "deadline = \"none\"\nmode = "),
            "apps[0].callback.deadline: unknown variant",
        ),
        (
            SETTINGS.replace("mode = ", "window_seconds = 5\nmode = "),
            "apps[0].callback.window_seconds: must be 60 to 86400",
        ),
        (
            SETTINGS.replace("mode = ", "previous_aes_key = \"short\"\nmode = "),
            "apps[0].callback.previous_aes_key",
        ),
        (
            SETTINGS.replace("[access]", "[timeouts]\ncall_ms = 0\n[access]"),
            "timeouts.call_ms: must be 1 to 120000",
        ),
        (
            SETTINGS.replace("[access]", "[access]\ntoken_keys = [\"short\"]"),
            "access.token_keys: must have at least 16 characters (it has 5)",
        ),
        (
            SETTINGS.replace(
                "[access]",
                "[access]\ntoken_keys = [\"a-key-of-sixteen-characters-or-more\"]",
            ),
            "access.token_keys: shares a key with access.keys",
        ),
        (
            SETTINGS.replace(
                "[\"a-key-of-sixteen-characters-or-more\"]",
                "\"a-key-of-sixteen-characters-or-more\"",
            ),
            "access.keys: must be a list",
        ),
        (
            SETTINGS.replace("127.0.0.1:0", "example:1"),
            "listen: must be an IP address and a port",
        ),
        (
            SETTINGS.replace("[access]", "[reply.events]\nsubscribe = \"\"\n[access]"),
            "reply.events.\"subscribe\": must be a text of 1 to 2048 bytes",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\nmode = \"always\"\n[access]"),
            "inbox: must have one of: path; redis = true",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\npath = \"\"\n[access]"),
            "inbox.path: is empty",
        ),
        (
            SETTINGS.replace(
                "[access]",
                "[inbox]\npath = \"x\"\nmode = \"both\"\n[access]",
            ),
            "inbox.mode: unknown variant",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\npath = \"x\"\nworkers = 0\n[access]"),
            "inbox.workers: must be 1 to 1024 (it is 0)",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\npath = \"x\"\ntries = 0\n[access]"),
            "inbox.tries: must be 1 to 1000 (it is 0)",
        ),
        (
            SETTINGS.replace(
                "[access]",
                "[inbox]\npath = \"x\"\nseal_key = \"short\"\n[access]",
            ),
            "inbox.seal_key: ",
        ),
        (
            SETTINGS.replace(
                "[access]",
                "[inbox]\npath = \"x\"\nseal_key_env = \"NO_SUCH\"\n[access]",
            ),
            "inbox.seal_key_env: the environment variable",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\npath = \"x\"\nredis = true\n[access]"),
            "inbox: must have one of: path; redis = true",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\nredis = true\n[access]"),
            "inbox.redis: needs the table [redis]",
        ),
        (
            SETTINGS.replace(
                "[access]",
                "[inbox]\nredis = true\nseal_key = \"x\"\n[redis]\nurl = \"redis://h\"\n[access]",
            ),
            "inbox.seal_key: is for a file",
        ),
        (
            SETTINGS.replace("[access]", "[inbox]\npath = \"/\"\n[access]"),
            "inbox.path: ",
        ),
        ("listen = \"127.0.0.1:0\"".to_owned(), "apps"),
        (
            SETTINGS
                .replace("127.0.0.1:0", "0.0.0.0:0")
                .replace("keys = [\"a-key-of-sixteen-characters-or-more\"]", ""),
            "access.keys",
        ),
    ];
    for (index, (settings, named)) in cases.into_iter().enumerate() {
        let file = File::new(&format!("wrong-{index}"), &settings);
        let mut command = example("standalone");
        command.arg("--config").arg(&file.0);
        let output = timeout(PATIENCE, command.output())
            .await
            .expect("it stops")
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{named}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with(&format!("standalone: {named}")),
            "{named}: {said}"
        );
        assert!(
            !said.contains("s3cr3t") && !said.contains("callbacktoken"),
            "{said}"
        );
    }
    let mut command = example("standalone");
    command.args(["--listen", "0.0.0.0:0"]);
    let output = timeout(PATIENCE, command.output())
        .await
        .expect("it stops")
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let complaint = "standalone: access.open: requires a loopback address, and 0.0.0.0:0 is not \
                     one: set access.keys in the --config file, or listen on 127.0.0.1";
    assert!(said.starts_with(complaint), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn standalone_drains_running_requests_on_sigterm() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (mut child, base) = start(command).await;
    // The sandbox serves the server's calls in process, with a configurable delay.
    let delay = json!({"path": "/sns/oauth2/access_token", "millis": 1500});
    post(format!("{base}/sandbox/control/delay"), None, delay).await;
    let url = format!("{base}/v1/service/wx/getwxuserinfo");
    let body = json!({"source": "t", "appid": "wx3cc8fd6963e31a32", "code": "x"});
    let running = tokio::spawn(post(url, None, body));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!running.is_finished());
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    let (status, envelope) = running.await.unwrap();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(envelope["ret"]["errcode"], 40029);
    let status = timeout(PATIENCE, child.wait())
        .await
        .expect("it ends")
        .unwrap();
    assert!(status.success());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .await
        .unwrap();
    let [draining, answered] = said.lines().collect::<Vec<_>>()[..] else {
        panic!("{said}")
    };
    assert!(
        draining.ends_with(" INFO standalone: draining"),
        "{draining}"
    );
    let failed = "failed status=422 code=3584004 errcode=40029 ms=";
    assert!(answered.contains(failed), "{answered}");
}

#[tokio::test]
async fn axum_serves_other_handlers_beside_the_routes() {
    let mut command = example("axum");
    command.arg("127.0.0.1:0");
    let (_child, base) = start(command).await;
    let (status, _, body) = get(format!("{base}/sources")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap()[0],
        "127.0.0.1"
    );
    let (status, _, body) = get(format!("{base}/token")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.starts_with(b"the token's fingerprint is "));
    let url = format!("{base}/v1/service/wx/getwxuserinfo");
    let (status, _) = post(url, None, json!({"source": ""})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn hyper_serves_the_callback_alone() {
    let mut command = example("hyper");
    let missing = example("hyper")
        .env("WX_APPIDD", "wx")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(
        said.trim_end(),
        "Error: \"WX_APPID is not set: use the value from the console, or --demo for the \
         public one\""
    );
    assert!(!missing.status.success());
    command
        .arg("127.0.0.1:0")
        .env("WX_APPID", "wxhyper")
        .env("WX_TOKEN", "thetoken");
    let aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
    command.env("WX_AES_KEY", aes_key);
    let (_child, base) = start(command).await;

    let document = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
        <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>1</MsgId></xml>";
    let now = SystemClock::default()
        .now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let platform = Platform::new(Mode::Secure)
        .appid("wxhyper")
        .aes_key(aes_key)
        .timestamp(now.as_secs())
        .nonce("n1")
        .random([7; 16]);
    let mut push = platform.push(document);
    let body = format!(
        "<xml><ToUserName>gh_1</ToUserName><Encrypt>{}</Encrypt></xml>",
        push.encrypt()
    );
    push.path(format!("{base}/")).body(body);
    let request = |push: &Push| push.request_with(push.body.clone().into());
    let (status, _, reply) = exchange(request(&push)).await;
    assert_eq!(status, StatusCode::OK);
    let reply = platform.open(std::str::from_utf8(&reply).unwrap());
    assert!(
        reply.contains("<Content><![CDATA[got text]]></Content>"),
        "{reply}"
    );

    let forged = format!("0{}", push.get("msg_signature"));
    push.set("msg_signature", forged);
    let (status, ..) = exchange(request(&push)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn own_call_calls_an_undeclared_endpoint() {
    let output = timeout(PATIENCE, example("own_call").output())
        .await
        .expect("it ends")
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "created tag 134: 广东\nuploaded image: MEDIA_ID\n"
    );
}

#[tokio::test]
async fn template_receipt_reports_which_message_arrived() {
    let output = timeout(PATIENCE, example("template_receipt").output())
        .await
        .expect("it ends")
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "order 42: delivered\norder 43: blocked by the user\n"
    );
}

#[tokio::test]
async fn late_replies_are_picked_up_part_by_part() {
    let output = timeout(PATIENCE, example("late_replies").output())
        .await
        .expect("it ends")
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let asked = "How is tea made? First warm the pot, then wait.";
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!(
            "Hui:     How is tea made?\n\
             Account: Thinking. Write anything in a moment to see the answer.\n\
             Hui:     1\n\
             Account: {asked} … (1 more: write anything)\n\
             Hui:     1\n\
             Account: {asked} … {asked}\n\
             Hui:     ping\n\
             Account: pong\n"
        )
    );
}
