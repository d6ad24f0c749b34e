//! Calls whose success response has only an errcode.

use tower_wechat::api::customer_service::{SendCustomerServiceMessage, SetTyping};
use tower_wechat::api::menu::{self, Button};
use tower_wechat::api::miniprogram::session::{CheckSession, SessionKey};
use tower_wechat::api::oauth::CheckUserToken;
use tower_wechat::api::template::SetIndustry;
use tower_wechat::api::{Answer, oauth, quota, subscribe_message, template, user};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{AppId, AppSecret, ErrCode, Error, ErrorKind};

use super::{BOM, NO_ANSWERS, answered, refusals, sandbox, shown};

/// Returns the result of each call for this response.
async fn outcomes(body: &[u8]) -> Vec<(&'static str, Result<(), Error>)> {
    let platform = sandbox();
    let appid = || AppId::new(Sandbox::APPID).unwrap();
    let key = SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==");
    let token = oauth::UserToken::decode(
        &r#"{"access_token":"a","expires_in":7200,"refresh_token":"r","openid":"o"}"#.into(),
    );
    let mut outcomes = Vec::new();
    macro_rules! ask {
        ($($call:expr),* $(,)?) => {
            $(outcomes.push((stringify!($call), answered(&platform, $call, body).await.map(drop)));)*
        };
    }
    ask![
        SendCustomerServiceMessage::text("o", "x"),
        SetTyping::start("o"),
        subscribe_message::SendSubscribeMessage::new("o", "t"),
        subscribe_message::BizSendSubscribeMessage::new("o", "t"),
        quota::ClearQuota::new(appid()),
        quota::ClearQuotaBySecret::new(appid(), &AppSecret::from("s")),
        menu::CreateMenu::new([Button::click("a", "b")]),
        menu::DeleteMenu::new(),
        user::UpdateRemark::new("o", "x"),
        template::DeleteTemplate::new("t"),
        SetIndustry::new("1", "4"),
        CheckSession::new("o", &key),
        CheckUserToken::new(&token.unwrap()),
    ];
    outcomes
}

#[tokio::test(start_paused = true)]
async fn an_errcode_is_an_error_whatever_its_other_fields() {
    for body in refusals(87009) {
        for (call, outcome) in outcomes(&body).await {
            let code = outcome.as_ref().err().and_then(Error::errcode);
            let expected = Some(ErrCode::new(87009));
            assert_eq!(code, expected, "{call}: {}: {outcome:?}", shown(&body));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_errcode_of_0_is_success() {
    for body in NO_ANSWERS {
        for (call, outcome) in outcomes(body.as_bytes()).await {
            let kind = outcome.map_err(|error| error.kind());
            assert_eq!(kind, Err(ErrorKind::Answer), "{call}: {body}");
        }
    }
    let bom = format!("\n{BOM} {{\"errcode\":0}}");
    for body in [
        r#"{"errcode":0,"errmsg":"ok"}"#,
        r#"{"errcode":0,"errmsg":null}"#,
        r#"{"errcode":"0"}"#,
        r#"{"errcode":0.0}"#,
        r#"{"errcode":-0}"#,
        r#"{"errcode":null,"errcode":0}"#,
        &bom,
    ] {
        for (call, outcome) in outcomes(body.as_bytes()).await {
            assert!(outcome.is_ok(), "{call}: {body}: {outcome:?}");
        }
    }
}
