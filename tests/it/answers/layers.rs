//! The layers act on the errcode of a response in any of its forms.

use tower_wechat::api::miniprogram::code::GetUnlimitedQrcode;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::{ErrCode, ErrorKind};

use super::{answered, refusals, sandbox, shown};
use crate::support::{STABLE, json};

const IPS: &str = "/cgi-bin/getcallbackip";

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_replaced() {
    for body in refusals(40001) {
        let platform = sandbox();
        platform.1.token().await.unwrap();
        let fetched = platform.0.calls(STABLE);
        let answer = answered(&platform, GetCallbackIp::new(), &body).await;
        assert!(answer.is_ok(), "{}: {answer:?}", shown(&body));
        assert!(platform.0.calls(STABLE) > fetched, "{}", shown(&body));
        assert_eq!(platform.0.calls(IPS), 2, "{}", shown(&body));
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_answer_is_retried() {
    for body in refusals(-1) {
        let platform = sandbox();
        platform.0.answer_next(IPS, json(body.clone()));
        let answer = answered(&platform, GetCallbackIp::new(), &body).await;
        assert!(answer.is_ok(), "{}: {answer:?}", shown(&body));
        assert_eq!(platform.0.calls(IPS), 3, "{}", shown(&body));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_recognised_by_its_errcode() {
    for body in refusals(40125) {
        let (sandbox, app) = sandbox();
        sandbox.answer_next(STABLE, json(body.clone()));
        let error = app.token().await.unwrap_err();
        assert_eq!(
            error.errcode(),
            Some(ErrCode::INVALID_APP_SECRET),
            "{}",
            shown(&body)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_in_place_of_an_image_is_recognised_by_its_errcode() {
    let platform = sandbox();
    for body in refusals(41030) {
        let error = answered(&platform, GetUnlimitedQrcode::new("x"), &body).await;
        let error = error.unwrap_err();
        assert_eq!(
            error.errcode(),
            Some(ErrCode::INVALID_PAGE),
            "{}",
            shown(&body)
        );
    }
    for body in super::NO_ANSWERS {
        let error = answered(&platform, GetUnlimitedQrcode::new("x"), body.as_bytes()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Answer, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_truncated_answer_has_no_errcode() {
    let platform = sandbox();
    for body in [
        r#"{"errcode":4000"#,
        r#"{"errcode":40001,"errmsg":"invalid cre"#,
    ] {
        let error = answered(&platform, GetCallbackIp::new(), body.as_bytes()).await;
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.errcode()),
            (ErrorKind::Answer, None),
            "{body}"
        );
    }
}
