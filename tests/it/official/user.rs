//! Followers.

use tower_wechat::api::{qrcode, user};
use tower_wechat::{ErrorClass, Message, Reply, handler_fn};

use super::{platform, refused_here, refused_there};
use crate::support::json;

#[tokio::test]
async fn followers_and_other_users_are_distinguished() {
    let platform = platform();
    let app = &platform.app;
    let ming = platform.sandbox.user("Ming");
    let stranger = app.call(user::GetUser::new(ming.openid())).await.unwrap();
    assert!(!stranger.subscribe);
    assert_eq!(stranger.unionid, Some(ming.unionid()));

    let routes = platform.wechat.routes().prefix("/v1/service/wx");
    let routes = routes.on_message(handler_fn(async |_: Message| Reply::none()));
    let ticket = app
        .call(qrcode::CreateQrcode::temporary("till-1"))
        .await
        .unwrap()
        .ticket;
    platform.sandbox.scan(&ming, &ticket, routes).await;
    app.call(user::UpdateRemark::new(ming.openid(), "熟客"))
        .await
        .unwrap();
    let lang = user::Lang::English;
    let follower = app
        .call(user::GetUser::new(ming.openid()).lang(lang))
        .await
        .unwrap();
    assert!(follower.subscribe);
    assert_eq!(follower.remark, "熟客");
    assert_eq!(follower.qr_scene_str, "till-1");
    assert_eq!(follower.subscribe_scene, "ADD_SCENE_QR_CODE");
    assert_eq!(follower.subscribe_time, 1_767_225_600);
    let query = platform.sent.of("/cgi-bin/user/info").pop().unwrap();
    assert!(query.uri().query().unwrap().contains("lang=en"));

    let error = refused_there(app.call(user::GetUser::new("nobody")).await, 40003);
    assert_eq!(error.class(), ErrorClass::Input);
}

#[tokio::test]
async fn followers_are_paginated() {
    let platform = platform();
    let app = &platform.app;
    let empty = app.call(user::ListFollowers::new()).await.unwrap();
    assert_eq!(
        (empty.total, empty.openids().len(), empty.next_openid),
        (0, 0, None)
    );
    for name in ["a", "b", "c"] {
        platform.sandbox.user(name).set_follows(true);
    }
    let page = app.call(user::ListFollowers::new()).await.unwrap();
    assert_eq!((page.total, page.count), (3, 3));
    let last = app
        .call(user::ListFollowers::after(
            page.next_openid.clone().unwrap(),
        ))
        .await
        .unwrap();
    assert!(last.openids().is_empty() && last.next_openid.is_none());
    let users = app
        .call(user::BatchGetUsers::new(page.openids()))
        .await
        .unwrap();
    assert!(users.user_info_list.iter().all(|user| user.subscribe));
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let platform = platform();
    let app = &platform.app;
    let many = app
        .call(user::BatchGetUsers::new(vec!["o"; 101]))
        .await
        .unwrap_err();
    refused_here(&many, "user_list", &["1 to 100", "it has 101"]);
    let none = app
        .call(user::BatchGetUsers::new([""; 0]))
        .await
        .unwrap_err();
    refused_here(&none, "user_list", &["it has 0"]);
    let long = app
        .call(user::UpdateRemark::new("o", "长".repeat(30)))
        .await
        .unwrap_err();
    refused_here(&long, "remark", &["at most 29 characters", "it has 30"]);
    refused_here(
        &app.call(user::GetUser::new("")).await.unwrap_err(),
        "openid",
        &[],
    );
}

#[tokio::test]
async fn the_platforms_undocumented_formats_are_read() {
    let platform = platform();
    platform.sandbox.answer_next(
        "/cgi-bin/user/info",
        json(
            r#"{"subscribe":"1","openid":"o","unionid":"","remark":null,"tagid_list":null,
               "subscribe_time":"1382694957","qr_scene":98765,"nickname":"\u0008","new":{}}"#,
        ),
    );
    let user = platform.app.call(user::GetUser::new("o")).await.unwrap();
    assert!(user.subscribe && user.unionid.is_none() && user.tagid_list.is_empty());
    assert_eq!(
        (user.subscribe_time, user.qr_scene),
        (1_382_694_957, 98_765)
    );
}
