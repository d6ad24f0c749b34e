//! Quotas, recorded failed calls, and the network check of the callback.

use std::time::Duration;

use tower_wechat::api::network::{Action, CheckCallback, GetCallbackIp, Operator};
use tower_wechat::api::{quota, user};
use tower_wechat::{AppSecret, ErrorClass};

use super::{platform, refused_here, refused_there};

const INFO: &str = "/cgi-bin/user/get";

#[tokio::test(start_paused = true)]
async fn a_quota_is_counted_enforced_and_cleared() {
    let platform = platform();
    let app = &platform.app;
    platform.sandbox.set_daily_quota(INFO, 2);
    app.call(user::ListFollowers::new()).await.unwrap();
    let left = app.call(quota::GetQuota::new(INFO)).await.unwrap();
    assert_eq!(
        (left.quota.daily_limit, left.quota.used, left.quota.remain),
        (2, 1, 1)
    );
    app.call(user::ListFollowers::new()).await.unwrap();
    let error = refused_there(app.call(user::ListFollowers::new()).await, 45009);
    assert_eq!(error.class(), ErrorClass::Quota);
    assert_eq!(platform.sandbox.calls(INFO), 3, "not repeated");

    app.call(quota::ClearQuota::new(app.appid().clone()))
        .await
        .unwrap();
    app.call(user::ListFollowers::new()).await.unwrap();
    let secret = AppSecret::from(platform.sandbox.secrets()[0].expose());
    for _ in 1..10 {
        let clear = quota::ClearQuotaBySecret::new(app.appid().clone(), &secret);
        app.call(clear).await.unwrap();
    }
    let v2 = platform.sent.of("/cgi-bin/clear_quota/v2").pop().unwrap();
    assert_eq!(v2.uri().query(), None, "no token");
    let error = refused_there(
        app.call(quota::ClearQuota::new(app.appid().clone())).await,
        48006,
    );
    assert_eq!(error.class(), ErrorClass::Quota);
    let hint = "this month's ten quota clearings are used up: they reset on the 1st";
    assert_eq!(error.hint(), Some(hint));
    platform
        .sandbox
        .advance(Duration::from_secs(40 * 24 * 3600));
    app.call(quota::ClearQuota::new(app.appid().clone()))
        .await
        .unwrap();

    let other = tower_wechat::AppId::new("wxother").unwrap();
    refused_there(app.call(quota::ClearQuota::new(other.clone())).await, 40013);
    refused_there(
        app.call(quota::ClearQuotaBySecret::new(other, &secret))
            .await,
        40013,
    );
}

#[tokio::test]
async fn a_path_is_checked_locally_and_by_the_platform() {
    let platform = platform();
    for path in ["", "cgi-bin/user/get", "https://api.weixin.qq.com/x", "//x"] {
        let error = platform
            .app
            .call(quota::GetQuota::new(path))
            .await
            .unwrap_err();
        refused_here(&error, "cgi_path", &["leading slash"]);
    }
    let error = refused_there(
        platform.app.call(quota::GetQuota::new("/nosuch")).await,
        76021,
    );
    let hint = "cgi_path must be a path of the platform, with its leading slash";
    assert_eq!(error.hint(), Some(hint));
}

#[tokio::test]
async fn a_failed_call_can_be_looked_up_for_a_week() {
    let platform = platform();
    let app = &platform.app;
    let refused = app
        .call(user::UpdateRemark::new("nobody", "x"))
        .await
        .unwrap_err();
    let rid = refused.rid().unwrap().to_owned();
    let seen = app.call(quota::GetRid::new(&rid)).await.unwrap().request;
    assert_eq!(
        seen.request_body.expose(),
        r#"{"openid":"nobody","remark":"x"}"#
    );
    assert_eq!(
        seen.response_body.expose(),
        &*format!(r#"{{"errcode":40003,"errmsg":"invalid openid, rid: {rid}"}}"#)
    );
    assert!(
        !format!("{seen:?}").contains("nobody"),
        "the bodies may hold secrets"
    );
    assert_eq!(seen.invoke_time, 1_767_225_600);

    refused_there(app.call(quota::GetRid::new("x")).await, 76002);
    let unknown = quota::GetRid::new("01234567-01234567-01234567");
    refused_there(app.call(unknown).await, 76001);
    platform.sandbox.advance(Duration::from_secs(8 * 24 * 3600));
    let error = refused_there(app.call(quota::GetRid::new(&rid)).await, 76004);
    let hint = "a rid can only be looked up for seven days";
    assert_eq!(error.hint(), Some(hint));
    refused_here(
        &app.call(quota::GetRid::new("")).await.unwrap_err(),
        "rid",
        &[],
    );
}

#[tokio::test]
async fn the_callbacks_network_is_checked() {
    let platform = platform();
    let app = &platform.app;
    let found = app.call(CheckCallback::new()).await.unwrap();
    assert_eq!((found.dns.len(), found.ping.len()), (1, 1));
    let dns = CheckCallback::new()
        .action(Action::Dns)
        .operator(Operator::ChinaNet);
    let found = app.call(dns).await.unwrap();
    assert!(found.ping.is_empty());
    let body = platform.body("/cgi-bin/callback/check");
    assert_eq!(
        body,
        serde_json::json!({"action": "dns", "check_operator": "CHINANET"})
    );
    platform.sandbox.set_callback_url(app.appid(), "");
    refused_there(app.call(CheckCallback::new()).await, 40201);
    app.call(GetCallbackIp::new()).await.unwrap();
}
