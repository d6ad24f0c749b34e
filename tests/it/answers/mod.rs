//! How a response of the platform is classified: as data, as an error, or as neither.

mod data;
mod done;
mod fuzzed;
mod layers;
mod odd_fields;
mod property;

use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, Error};

use tower_wechat::api::Endpoint;

use crate::support::{clock, json};

const APPID: &str = Sandbox::APPID;
const BOM: &str = "\u{feff}";

fn sandbox() -> (Sandbox, App) {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    (sandbox, app)
}

/// Returns the result of a call whose response is `body`.
async fn answered<E: Endpoint>(
    (sandbox, app): &(Sandbox, App),
    call: E,
    body: &[u8],
) -> Result<E::Response, Error> {
    sandbox.answer_next(E::PATH, json(body.to_vec()));
    app.call(call).await
}

/// Returns the forms that an error with this errcode may have.
fn refusals(code: i64) -> Vec<Vec<u8>> {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    let texts = [
        format!(r#"{{"errcode":{code}}}"#),
        format!(r#"{{"errcode":{code},"errmsg":null}}"#),
        format!(r#"{{"errcode":{code},"errmsg":7}}"#),
        format!(r#"{{"errcode":{code},"errmsg":true}}"#),
        format!(r#"{{"errcode":{code},"errmsg":["x"]}}"#),
        format!(r#"{{"errcode":{code},"errmsg":{{"a":{{}}}}}}"#),
        format!(r#"{{"errcode":{code},"errmsg":"x","errmsg":"y"}}"#),
        format!(r#"{{"errmsg":[],"errcode":{code}}}"#),
        format!(r#"{{"errcode":{code}.0,"errmsg":"x"}}"#),
        format!(r#"{{"errcode":"{code}","errmsg":"x"}}"#),
        format!(r#"{{"errcode":" {code} ","errmsg":"x"}}"#),
        format!(r#"{{"errcode":"{code}.0","errmsg":"x"}}"#),
        format!(r#"{{"errcode":0,"errcode":{code}}}"#),
        format!(r#"{{"errcode":{code},"errcode":0}}"#),
        format!(r#"{{"errcode":null,"errcode":{code}}}"#),
        format!(r#"{{"errcode":"x","errcode":{code},"errcode":1.5}}"#),
        format!(r#"{{"\u0065rrcode":{code}}}"#),
        format!(r#"{{"data":{{"errcode":0}},"errcode":{code}}}"#),
        format!(r#"{{"errcode":{code},"errmsg":"\ud83d"}}"#),
        format!(r#"{{"errcode":{code},"errmsg":"say "no" then"}}"#),
        format!(r#"{{"errcode":{code}}} trailing"#),
        format!(r#"{{"errcode":{code},"x":1e999}}"#),
        format!(r#"{{"x":{deep},"errcode":{code}}}"#),
        format!(r#"{{"errcode":{code},"errmsg":{deep}}}"#),
        format!("{{\"errcode\":{code},\"errmsg\":\"a\nb\u{8}\"}}"),
        format!("{{\"errmsg\":\"a\nb\u{8}\",\"errcode\":{code}}}"),
        format!("{BOM}{{\"errcode\":{code}}}"),
        format!(" \r\n\t{BOM}\n{{\"errcode\":{code}}}\n"),
    ];
    let mut forms: Vec<_> = texts.map(String::into_bytes).into();
    for before in [
        &b"{\"errmsg\":\"\xc4\xe3\",\"errcode\":"[..],
        b"{\"\xff\":1,\"errcode\":",
    ] {
        forms.push([before, code.to_string().as_bytes(), b"}"].concat());
    }
    forms
}

/// Bodies without a readable errcode and without the data of any call.
const NO_ANSWERS: [&str; 24] = [
    "{}",
    "[]",
    "[0]",
    "null",
    "0",
    "\"ok\"",
    "ok",
    "{",
    r#"{"code":502}"#,
    r#"{"errmsg":"ok"}"#,
    r#"{"ErrCode":0}"#,
    r#"[{"errcode":0}]"#,
    r#"{"data":{"errcode":0}}"#,
    r#"{"errcode":null}"#,
    r#"{"errcode":true}"#,
    r#"{"errcode":""}"#,
    r#"{"errcode":"abc"}"#,
    r#"{"errcode":1.5}"#,
    r#"{"errcode":1e99}"#,
    r#"{"errcode":1e999}"#,
    r#"{"errcode":18446744073709551616}"#,
    r#"{"errcode":{"errcode":0}}"#,
    r#"{"errcode":[0]}"#,
    r#"{"errcode":0,"errcode":"abc"}"#,
];

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(80).collect()
}
