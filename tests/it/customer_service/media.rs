//! Messages with a MediaId.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;
use tower_wechat::api::customer_service::{SendCustomerServiceMessage, Video};
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{ErrCode, ErrorClass};

use super::{app, interact};
use crate::support::clock;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_media_id_that_was_never_uploaded_is_refused() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    interact(&sandbox, Push::text(&user, "hi")).await;
    let media_id = sandbox.add_media(app.appid());
    for call in [
        SendCustomerServiceMessage::image(user.openid(), "M"),
        SendCustomerServiceMessage::video(user.openid(), Video::new(&media_id, "M")),
    ] {
        let error = app.call(call).await.unwrap_err();
        assert_eq!(error.errcode(), Some(ErrCode::INVALID_MEDIA_ID));
        assert_eq!(error.class(), ErrorClass::Input);
    }
    assert!(user.received().is_empty());
    app.call(SendCustomerServiceMessage::image(user.openid(), &media_id))
        .await
        .unwrap();
    assert_eq!(user.received()[0]["image"]["media_id"], media_id);
}

#[tokio::test]
async fn a_media_id_is_valid_for_one_app_and_three_days() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let other = sandbox.add_app("wxother", Mode::Secure).unwrap();
    let (own, foreign) = (sandbox.add_media(app.appid()), sandbox.add_media(&other));
    sandbox.advance(DAY * 3 - Duration::from_secs(1));
    interact(&sandbox, Push::text(&user, "hi")).await;
    let image =
        |media_id: &str| app.call(SendCustomerServiceMessage::image(user.openid(), media_id));
    let invalid = Some(ErrCode::INVALID_MEDIA_ID);
    assert_eq!(image(&foreign).await.unwrap_err().errcode(), invalid);
    image(&own).await.unwrap();
    sandbox.advance(Duration::from_secs(1));
    assert_eq!(image(&own).await.unwrap_err().errcode(), invalid);
}

#[tokio::test]
async fn the_picture_that_a_user_sent_can_be_sent_back() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let picture = [
        ("MsgType", "image"),
        ("PicUrl", "https://mmbiz.qpic.cn/1"),
        ("MediaId", "of-the-user"),
        ("MsgId", "1"),
    ];
    interact(&sandbox, Push::new(&user, picture)).await;
    app.call(SendCustomerServiceMessage::image(
        user.openid(),
        "of-the-user",
    ))
    .await
    .unwrap();
}

#[tokio::test]
async fn media_can_be_uploaded_by_a_command() {
    let sandbox = Sandbox::with_clock(clock());
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let command = Request::post("/control/media").body(Full::<Bytes>::from("{}"));
    let response = sandbox.http().oneshot(command.unwrap()).await.unwrap();
    let answer = response.into_body().collect().await.unwrap().to_bytes();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let media_id = answer["media_id"].as_str().unwrap();
    interact(&sandbox, Push::text(&user, "hi")).await;
    app.call(SendCustomerServiceMessage::image(user.openid(), media_id))
        .await
        .unwrap();
}
