//! External text cannot break out of its line or its field in a text log.

use serde_json::json;
use tower::ServiceExt;
use tower_wechat::api::miniprogram::phone::{GetPhoneNumber, PhoneCode};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{BoxError, Message, handler_fn};

use crate::log::Log;
use crate::support::{STABLE, clock, json as answer, post};

const HOSTILE: [&str; 8] = [
    "\n2026-01-01T00:00:00Z ERROR forged: level=ERROR",
    "\r\nERROR level=ERROR",
    "\u{1b}[2J\u{1b}[1;1H level=ERROR",
    "}\" level=ERROR",
    "\u{2028}ERROR level=ERROR\u{2029}",
    "\u{202e}\u{2066}level=ERROR\u{2069}",
    "\u{9b}2J\u{85}\u{7f} level=ERROR",
    "\\\" level=ERROR \\",
];

/// Returns the text log of `work`.
fn logged(work: impl AsyncFnOnce()) -> String {
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let listening = log.listen();
    runtime.block_on(work());
    drop(listening);
    log.text()
}

/// Checks that every line begins with its level and has no control character, and that nothing
/// outside quotes looks like an extra field.
fn check(log: &str) {
    for line in log.split('\n').filter(|line| !line.is_empty()) {
        let level = line.split_whitespace().next().unwrap_or_default();
        let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
        assert!(levels.contains(&level), "a line was forged: {line:?}");
        let obeyed = |c: char| {
            c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(obeyed), "{line:?}");
        let target = ["tower_wechat", " it::"].iter().any(|it| line.contains(it));
        assert!(target, "a line was forged: {line:?}");
        assert!(!unquoted(line).contains("level=ERROR"), "{line}");
    }
}

/// Returns the line without the quoted parts.
fn unquoted(line: &str) -> String {
    let (mut quoted, mut escaped, mut rest) = (false, false, String::new());
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted => rest.push(c),
            _ => {}
        }
    }
    rest
}

/// Platform errors with hostile text, with a rid or before one.
fn refusals(code: i64) -> Vec<String> {
    let errmsgs = HOSTILE.iter().flat_map(|text| {
        [
            format!("invalid credential{text} rid: 6523d26a-12345678-1f2e3d4c"),
            format!("invalid credential rid: 6523d26a{text}"),
            format!("invalid ip 203.0.113.7{text}, not in whitelist hints: [ req_id: a{text} ]"),
        ]
    });
    errmsgs
        .map(|errmsg| json!({"errcode": code, "errmsg": errmsg}).to_string())
        .collect()
}

#[test]
fn an_errmsg_cannot_break_its_line() {
    for body in refusals(40125) {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
            sandbox.answer_next(STABLE, answer(body.clone()));
            let error = app.call(GetCallbackIp::new()).await.unwrap_err();
            assert_eq!(error.errcode().map(|code| code.get()), Some(40125));
            // The application may log the error with `Display`.
            tracing::warn!(%error, "with Display");
            tracing::warn!(error = &error as &dyn std::error::Error, "as an error");
            tracing::warn!(error = error.to_string(), "as a text");
            tracing::warn!("in the message: {error}");
        });
        let failed = "the call failed appid=\"wx3cc8fd6963e31a32\" \
                      error=\"/cgi-bin/stable_token: refused with 40125 (";
        assert!(log.contains(failed), "{log}");
        for how in [
            "with Display error=",
            "as an error error=",
            "in the message: ",
        ] {
            let line =
                format!("WARN it::log_lines: {how}/cgi-bin/stable_token: refused with 40125 (");
            assert!(log.contains(&line), "{line} is not in {log}");
        }
        check(&log);
    }
}

#[test]
fn a_debug_print_of_an_error_is_one_line() {
    for body in refusals(43101) {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
            let path = "/wxa/business/getuserphonenumber";
            sandbox.answer_next(path, answer(body.clone()));
            let call = GetPhoneNumber::new(PhoneCode::new("c"));
            let error = app.call(call).await.unwrap_err();
            tracing::warn!(?error, rid = error.rid(), "with Debug");
        });
        let text = "with Debug error=Error { kind: Platform, class: User, text: \
                    /wxa/business/getuserphonenumber: refused with 43101 (";
        assert!(log.contains(text), "{log}");
        check(&log);
    }
}

#[test]
fn a_request_id_cannot_break_its_field() {
    for given in [
        "a}\"level=ERROR",
        "a\"}level=ERROR",
        "x}:level=ERROR",
        "a,level=ERROR",
    ] {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            let mut request = post("/getwxuserinfo", "{}");
            let id = given.parse().unwrap();
            request.headers_mut().insert("x-request-id", id);
            let routes = sandbox.wechat().routes().unprotected();
            let response = routes.oneshot(request).await.unwrap();
            let id = response.headers()["x-request-id"].to_str().unwrap();
            assert!(id.starts_with("wxmsg_"), "{id}");
        });
        assert!(log.contains("request_id=wxmsg_"), "{log}");
        assert!(!log.contains("level=ERROR"), "{log}");
    }
}

#[test]
fn an_errmsg_in_a_route_cannot_break_its_line() {
    for body in refusals(40029) {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            sandbox.answer_next("/sns/oauth2/access_token", answer(body.clone()));
            let request = format!(
                r#"{{"source":"t","appid":"{}","code":"c"}}"#,
                Sandbox::APPID
            );
            let routes = sandbox.wechat().routes().unprotected();
            let request = post("/getwxuserinfo", request);
            routes.oneshot(request).await.unwrap();
        });
        let failed = "failed status=422 code=3584004 errcode=40029 ms=";
        assert!(log.contains(failed), "{log}");
        let why = " why=\"/sns/oauth2/access_token: refused with 40029 (";
        assert!(log.contains(why), "{log}");
        check(&log);
    }
}

/// The path to an invalid field contains names chosen by the caller.
#[test]
fn a_field_name_cannot_break_its_line() {
    for hostile in HOSTILE {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            let document = json!({
                "source": "t", "appid": Sandbox::APPID, "openid": "o1", "template_id": "t",
                "data": {hostile: [1]},
            });
            let routes = sandbox.wechat().routes().unprotected();
            let request = post("/sendwxtemplatemsg", document.to_string());
            routes.oneshot(request).await.unwrap();
        });
        assert!(log.contains("failed status=400 code=3584002 ms="), "{log}");
        assert!(log.contains(" why=\"unknown field data."), "{log}");
        check(&log);
    }
}

/// Handlers put users' texts into their errors.
#[test]
fn a_handler_error_cannot_break_its_line() {
    for hostile in HOSTILE {
        let log = logged(async || {
            let sandbox = Sandbox::with_clock(clock());
            let handler = handler_fn(|message: Message| async move {
                let content = message.field("Content").unwrap_or_default();
                Err::<(), BoxError>(format!("cannot understand {content}").into())
            });
            let routes = sandbox.wechat().routes().on_message(handler);
            let push = Push::text(&sandbox.user("Hui"), hostile);
            sandbox.push(push, routes.prefix("/v1/service/wx")).await;
        });
        let failed = "the handler failed appid=wx3cc8fd6963e31a32 error=\"cannot understand ";
        assert!(log.contains(failed), "{log}");
        check(&log);
    }
}
