//! The documented routes, called with curl on the standalone example. `tests/it/transcripts` has
//! the requests and responses; values that change with every run are replaced by their names.
//!
//! After an intended change, run the tests with `UPDATE_TRANSCRIPTS=1` and review the diff.

use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use serde_json::Value;
use tokio::process::Command;
use tower_wechat::sandbox::Sandbox;

use crate::examples::{File, example, start};
use crate::over_http::serve;

/// A route and its requests: a name and a body each.
struct Route {
    name: &'static str,
    requests: Vec<(&'static str, String)>,
}

/// Returns what curl prints: the head and the body.
async fn curl(arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    let command = command
        .args(["-s", "-i"])
        .args(arguments)
        .stdin(Stdio::null());
    let output = command.output().await.expect("curl is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn post(url: &str, body: &str) -> String {
    let json = "Content-Type: application/json";
    curl(&["-X", "POST", url, "-H", json, "--data-raw", body]).await
}

async fn control(base: &str, command: &str, body: &str) -> Value {
    let answer = post(&format!("{base}/sandbox/control/{command}"), body).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Returns the code with which the browser returns.
async fn oauth_code(base: &str) -> String {
    let page = format!(
        "{base}/sandbox/connect/oauth2/authorize?appid=wx3cc8fd6963e31a32&redirect_uri=\
         http%3A%2F%2Fblog.xyecho.com&response_type=code&scope=snsapi_userinfo&state=1024"
    );
    let answer = curl(&[&page]).await;
    let code = answer.split("?code=").nth(1).unwrap();
    code.split('&').next().unwrap().to_owned()
}

/// Replaces the values that change: the id and the date in the head, and the fields below in the
/// body.
fn steady(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let changing = ["date:", "x-request-id:", "content-length:"];
    let head = head
        .lines()
        .filter(|line| !changing.iter().any(|name| line.starts_with(name)));
    let mut envelope: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{body}"));
    let random = [
        "request_id",
        "rid",
        "openid",
        "unionid",
        "headimgurl",
        "ticket",
        "url",
        "qr_buffer",
        "msgid",
        "purePhoneNumber",
        "phoneNumber",
        "access_token",
        "expires_in",
    ];
    replace(&mut envelope, &random);
    let head = head.collect::<Vec<_>>().join("\n");
    // The message contains the rid too.
    let body = serde_json::to_string_pretty(&envelope).unwrap();
    format!("{head}\n\n{}\n", without_rid(&body))
}

fn replace(value: &mut Value, names: &[&str]) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        if !names.contains(&name.as_str()) {
            replace(value, names);
        } else if value.is_number() {
            *value = format!("<{name}>").into();
        } else if let Value::String(text) = value
            && !text.is_empty()
        {
            // Keep the type of an image.
            let kind = text.split_once(',').map(|(kind, _)| kind);
            let kind = kind.filter(|kind| kind.starts_with("data:"));
            *text = kind.map_or(format!("<{name}>"), |kind| format!("{kind},<{name}>"));
        }
    }
}

fn without_rid(text: &str) -> String {
    let mut parts = text.split("rid ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '-');
        format!("{text}rid <rid>{rest}")
    })
}

#[tokio::test]
async fn every_route_answers_curl_as_it_did() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (_child, base) = start(command).await;
    for route in routes(&base).await {
        let url = format!("{base}/v1/service/wx/{}", route.name);
        let mut transcript = String::new();
        for (name, body) in &route.requests {
            let answer = steady(&post(&url, body).await);
            let shown = steady_request(body);
            transcript.push_str(&format!(
                "# {name}\n\nPOST /{}\n{shown}\n\n{answer}\n",
                route.name
            ));
        }
        check(route.name, &transcript);
    }
}

/// The token route is enabled only by configuration, so this server has a settings file. The
/// sandbox runs in this process.
#[tokio::test]
async fn the_token_route_answers_curl_as_it_did() {
    let sandbox = Sandbox::new();
    let platform = serve(Router::new().nest_service("/sandbox", sandbox.http())).await;
    let secret = sandbox.secrets().remove(0);
    let settings = format!(
        "listen = \"127.0.0.1:0\"\n[platform]\napi = \"http://{platform}/sandbox\"\n\
         [[apps]]\nappid = \"wx3cc8fd6963e31a32\"\nsecret = \"{}\"\n\
         [access]\nkeys = [\"{OTHER_KEY}\"]\ntoken_keys = [\"{TOKEN_KEY}\"]\n",
        secret.expose()
    );
    let file = File::new("transcripts", &settings);
    let mut command = example("standalone");
    command.arg("--config").arg(&file.0);
    let (_child, base) = start(command).await;
    let url = format!("{base}/v1/service/wx/token");

    let request = r#"{"source":"curl-test","appid":"wx3cc8fd6963e31a32"}"#;
    let ticket = r#"{"source":"curl-test","appid":"wx3cc8fd6963e31a32","kind":"nosuch"}"#;
    let cases = [
        ("a token", Some(TOKEN_KEY), request),
        ("no key", None, request),
        (
            "a key that was never given",
            Some("another-key-of-some-length"),
            request,
        ),
        ("a key of the other routes", Some(OTHER_KEY), request),
        ("a kind that there is not", Some(TOKEN_KEY), ticket),
        (
            "no source",
            Some(TOKEN_KEY),
            r#"{"appid":"wx3cc8fd6963e31a32"}"#,
        ),
        (
            "an app that is not configured",
            Some(TOKEN_KEY),
            r#"{"source":"s","appid":"wx0"}"#,
        ),
        ("no JSON", Some(TOKEN_KEY), "token"),
    ];
    let mut transcript = String::new();
    for (name, key, body) in cases {
        let authorization = format!("Authorization: Bearer {}", key.unwrap_or_default());
        let mut arguments = vec!["-X", "POST", &*url, "-H", "Content-Type: application/json"];
        if key.is_some() {
            arguments.extend(["-H", &authorization]);
        }
        arguments.extend(["--data-raw", body]);
        let answer = steady(&curl(&arguments).await);
        transcript.push_str(&format!("# {name}\n\nPOST /token\n{body}\n\n{answer}\n"));
    }
    check("token", &transcript);
}

const TOKEN_KEY: &str = "a-key-for-tokens-alone";
const OTHER_KEY: &str = "a-key-for-the-other-routes";

/// Replaces the code or openid of a request.
fn steady_request(body: &str) -> String {
    let Ok(mut request) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    for (name, value) in request.as_object_mut().into_iter().flatten() {
        let random = match (name.as_str(), value.as_str()) {
            ("code", Some(code)) => code.len() > 20,
            ("openid", Some(openid)) => openid.len() == 28,
            ("template_id", Some(id)) => id.len() == 43,
            _ => false,
        };
        if random {
            *value = format!("<{name}>").into();
        }
    }
    request.to_string()
}

fn check(route: &str, transcript: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/transcripts");
    let file = folder.join(format!("{route}.txt"));
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&file, transcript).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        transcript, kept,
        "{route}: see the head of tests/it/transcripts.rs"
    );
}

async fn routes(base: &str) -> Vec<Route> {
    let with =
        |more: &str| format!(r#"{{"source":"curl-test","appid":"wx3cc8fd6963e31a32",{more}}}"#);
    let used = oauth_code(base).await;
    let userinfo = with(&format!(r#""code":"{used}""#));

    let user = control(base, "user", r#"{"nickname":"Ming"}"#).await;
    let stranger = user["openid"].as_str().unwrap().to_owned();
    let user = control(base, "user", r#"{"nickname":"Hui🐠"}"#).await;
    let follower = user["openid"].as_str().unwrap().to_owned();
    control(base, "push", r#"{"type":"subscribe"}"#).await;
    let template = r#"{"title":"发货通知","content":"{{thing1.DATA}}"}"#;
    let template = control(base, "template", template).await;
    let template = template["template_id"].as_str().unwrap().to_owned();
    let message = |openid: &str, template: &str, value: &str| {
        with(&format!(
            r#""openid":"{openid}","template_id":"{template}","data":{{"data":{{"thing1":{{"value":"{value}"}}}}}}"#
        ))
    };

    let phone = control(base, "code", r#"{"type":"phone"}"#).await;
    let phone = phone["code"].as_str().unwrap().to_owned();
    let login = control(base, "code", r#"{"type":"login"}"#).await;
    let login = login["code"].as_str().unwrap().to_owned();
    let phone = with(&format!(r#""code":"{phone}""#));

    vec![
        Route {
            name: "getwxuserinfo",
            requests: vec![
                ("a code", userinfo.clone()),
                ("the same code again", userinfo),
                ("a code that never was", with(r#""code":"x""#)),
                ("no code", with(r#""flow_id":"f-1""#)),
                (
                    "no source",
                    r#"{"appid":"wx3cc8fd6963e31a32","code":"x"}"#.to_owned(),
                ),
                (
                    "an app that is not configured",
                    r#"{"source":"s","appid":"wx0","code":"x"}"#.to_owned(),
                ),
                ("a number for a text", with(r#""code":7"#)),
                ("no JSON", "{".to_owned()),
            ],
        },
        Route {
            name: "getwxqrcode",
            requests: vec![
                (
                    "a code for ten minutes",
                    with(r#""scene":"order-42","expire_seconds":600,"flow_id":"f-1""#),
                ),
                (
                    "a permanent code",
                    with(r#""scene":"shop-7","permanent":true"#),
                ),
                ("no scene", with(r#""expire_seconds":600"#)),
                (
                    "a scene that is too long",
                    with(&format!(
                        r#""scene":"{}","expire_seconds":600"#,
                        "x".repeat(65)
                    )),
                ),
                (
                    "a code for too long",
                    with(r#""scene":"a","expire_seconds":2592001"#),
                ),
                (
                    "no source",
                    r#"{"appid":"wx3cc8fd6963e31a32","scene":"a"}"#.to_owned(),
                ),
                (
                    "an app that is not configured",
                    r#"{"source":"s","appid":"wx0","scene":"a","expire_seconds":60}"#.to_owned(),
                ),
                ("a list for a text", with(r#""scene":["a"]"#)),
            ],
        },
        Route {
            name: "getunlimitedqrcode",
            requests: vec![
                ("a code", with(r#""scene":"order=42","flow_id":"f-1""#)),
                ("no scene", with(r#""width":430"#)),
                (
                    "a scene that is too long",
                    with(&format!(r#""scene":"{}""#, "x".repeat(33))),
                ),
                ("a scene of other characters", with(r#""scene":"订单""#)),
                (
                    "a page with a slash in front",
                    with(r#""scene":"a","page":"/pages/a""#),
                ),
                (
                    "a page that is not published",
                    with(r#""scene":"a","page":"pages/nosuch""#),
                ),
                (
                    "a width beyond the limit",
                    with(r#""scene":"a","width":1281"#),
                ),
                (
                    "an app that is not configured",
                    r#"{"source":"s","appid":"wx0","scene":"a"}"#.to_owned(),
                ),
            ],
        },
        Route {
            name: "getuserphone",
            requests: vec![
                ("a code", phone.clone()),
                ("the same code again", phone),
                ("a login code", with(&format!(r#""code":"{login}""#))),
                ("no code", with(r#""flow_id":"f-1""#)),
                (
                    "no source",
                    r#"{"appid":"wx3cc8fd6963e31a32","code":"x"}"#.to_owned(),
                ),
                (
                    "an app that is not configured",
                    r#"{"source":"s","appid":"wx0","code":"x"}"#.to_owned(),
                ),
                ("a number for a text", with(r#""code":7"#)),
            ],
        },
        Route {
            name: "sendwxtemplatemsg",
            requests: vec![
                ("a message", message(&follower, &template, "茶叶")),
                (
                    "a message as a text",
                    with(&format!(
                        r#""openid":"{follower}","template_id":"{template}","data":"{{\"data\":{{\"thing1\":{{\"value\":\"茶叶\"}}}}}}""#
                    )),
                ),
                (
                    "a user who does not follow",
                    message(&stranger, &template, "茶叶"),
                ),
                (
                    "a user who is unknown",
                    message("onobody", &template, "茶叶"),
                ),
                (
                    "a template that is unknown",
                    message(&follower, "nosuch", "茶叶"),
                ),
                ("no openid", with(r#""data":{}"#)),
                (
                    "no source",
                    r#"{"appid":"wx3cc8fd6963e31a32","openid":"o","data":{}}"#.to_owned(),
                ),
                (
                    "data that is no JSON",
                    with(&format!(r#""openid":"{follower}","data":"nonsense""#)),
                ),
            ],
        },
    ]
}
