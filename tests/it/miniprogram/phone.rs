//! The phone number.

use std::time::Duration;

use tower_wechat::api::miniprogram::phone::{GetPhoneNumber, PhoneCode};
use tower_wechat::callback::Mode;
use tower_wechat::{ErrCode, ErrorClass, ErrorKind};

use super::{input, sandbox};
use crate::support::json;

const PHONE: &str = "/wxa/business/getuserphonenumber";

fn trade(code: impl Into<String>) -> GetPhoneNumber {
    GetPhoneNumber::new(PhoneCode::new(code.into()))
}

#[tokio::test(start_paused = true)]
async fn a_code_is_exchanged_for_a_number() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let call = trade(user.phone_code()).openid(user.openid());
    let info = app.call(call).await.unwrap().phone_info;
    assert_eq!(info.phone_number, user.phone_number());
    assert_eq!(info.pure_phone_number, user.phone_number());
    assert_eq!(info.country_code, "86");
    assert_eq!(info.watermark.timestamp, 1_767_225_600);
    assert!(
        !format!("{info:?}").contains(&user.phone_number()),
        "{info:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_documented_answers_are_read() {
    let (sandbox, app) = sandbox();
    for country in ["86", "\"86\""] {
        let body = format!(
            r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":"+852 61234567",
            "purePhoneNumber":"61234567","countryCode":{country},
            "watermark":{{"timestamp":1637744274,"appid":"{}"}}}}}}"#,
            app.appid()
        );
        sandbox.answer_next(PHONE, json(body));
        let info = app.call(trade("x")).await.unwrap().phone_info;
        assert_eq!(
            (&*info.country_code, &*info.pure_phone_number),
            ("86", "61234567")
        );
        assert_eq!(info.phone_number, "+852 61234567");
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_with_the_watermark_of_another_app_is_rejected() {
    let (sandbox, app) = sandbox();
    let body = r#"{"errcode":0,"phone_info":{"phoneNumber":"13800000000",
        "purePhoneNumber":"13800000000","countryCode":"86",
        "watermark":{"timestamp":1637744274,"appid":"wxother"}}}"#;
    sandbox.answer_next(PHONE, json(body));
    let error = app.call(trade("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.endpoint()),
        (ErrorKind::Answer, Some(PHONE))
    );
    assert_eq!(
        error.to_string(),
        "/wxa/business/getuserphonenumber: the number belongs to another app: its \
         watermark.appid is not the caller's"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_works_once_for_five_minutes_and_for_one_app() {
    let (sandbox, app) = sandbox();
    let user = sandbox.user("Hui");
    let refused = async |code: String| app.call(trade(code)).await.unwrap_err();

    let used = user.phone_code();
    app.call(trade(used.clone())).await.unwrap();
    let late = user.phone_code();
    sandbox.advance(Duration::from_secs(300));
    for code in [used, late, "never was".to_owned(), user.login_code()] {
        let error = refused(code).await;
        assert_eq!(
            (error.errcode(), error.class()),
            (Some(ErrCode::INVALID_CODE), ErrorClass::User)
        );
        let hint = "the code is not from the getPhoneNumber button (a wx.login code does not \
                    work here), is older than five minutes, or was used: let the user press \
                    the button again";
        assert_eq!(error.hint(), Some(hint));
    }
    let other = sandbox.add_app("wxother", Mode::Secure).unwrap();
    let error = refused(user.clone().at(&other).phone_code()).await;
    assert_eq!(
        (error.errcode(), error.class()),
        (Some(ErrCode::INVALID_APPID), ErrorClass::Input)
    );
    let hint = "the code belongs to another mini-program: call with the appid of the one \
                that made it";
    assert_eq!(error.hint(), Some(hint));

    let call = trade(user.phone_code()).openid("o-someone-else");
    let error = app.call(call).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_OPENID));
    for code in [String::new(), "x".repeat(1025)] {
        assert_eq!(input(&refused(code).await).0, "code");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_not_retried() {
    let (sandbox, app) = sandbox();
    app.token().await.unwrap();
    sandbox.drop_next(PHONE);
    let error = app
        .call(trade(sandbox.user("Hui").phone_code()))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), sandbox.calls(PHONE)),
        (ErrorKind::Transport, 1)
    );
    let hint = "the code may be used up: ask the user to press the button again";
    assert_eq!(error.hint(), Some(hint));

    sandbox.delay_next(PHONE, Duration::from_secs(60));
    let error = app
        .call(trade(sandbox.user("Hui").phone_code()))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), sandbox.calls(PHONE)),
        (ErrorKind::Timeout, 2)
    );
    sandbox.fail_next(PHONE, ErrCode::SYSTEM_BUSY);
    let error = app.call(trade("x")).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::SYSTEM_BUSY));
    assert_eq!(sandbox.calls(PHONE), 3);

    // A rejected token is different: the platform has not read the code.
    sandbox.fail_next(PHONE, ErrCode::INVALID_CREDENTIAL);
    app.call(trade(sandbox.user("Hui").phone_code()))
        .await
        .unwrap();
    assert_eq!(sandbox.calls(PHONE), 5);
}
