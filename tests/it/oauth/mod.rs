//! Web OAuth, from the authorization page to the profile.

mod profile;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use tower::ServiceExt;
use tower_wechat::api::oauth::{
    AuthorizeUrl, CheckUserToken, ExchangeCode, GetUserInfo, Lang, RefreshUserToken, Scope,
};
use tower_wechat::callback::Mode;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, ErrCode, ErrorClass, ErrorKind};

use crate::support::{clock, code, code_of};

const APPID: &str = Sandbox::APPID;

fn sandbox() -> (Sandbox, App) {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(APPID).unwrap();
    (sandbox, app)
}

#[tokio::test(start_paused = true)]
async fn a_code_is_exchanged_for_a_profile() {
    let (sandbox, app) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    assert_eq!((token.expires_in, &*token.scope), (7200, "snsapi_userinfo"));
    assert!(!token.is_snapshot_user);
    let profile = app
        .call(GetUserInfo::new(&token).lang(Lang::English))
        .await
        .unwrap();
    let user = sandbox.user("Hui🐠");
    assert_eq!(
        (profile.openid, profile.nickname),
        (user.openid(), "Hui🐠".to_owned())
    );
    assert_eq!(
        (token.unionid, profile.unionid),
        (Some(user.unionid()), Some(user.unionid()))
    );
    let picture = profile.headimgurl.unwrap();
    assert!(
        picture.starts_with("https://thirdwx.qlogo.cn/mmopen/vi_32/") && picture.ends_with("/132"),
        "{picture}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_works_once_for_five_minutes_and_for_one_app() {
    let (sandbox, app) = sandbox();
    let refused = async |code: String| {
        let error = app.call(ExchangeCode::new(code)).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::User);
        assert_eq!(error.rid().unwrap().len(), 26);
        error.errcode().unwrap()
    };

    let used = code(&sandbox, "snsapi_base").await;
    app.call(ExchangeCode::new(used.clone())).await.unwrap();
    assert_eq!(refused(used).await, ErrCode::CODE_USED);

    let late = code(&sandbox, "snsapi_base").await;
    sandbox.advance(Duration::from_secs(300));
    assert_eq!(refused(late).await, ErrCode::CODE_EXPIRED);

    assert_eq!(refused("never was".to_owned()).await, ErrCode::INVALID_CODE);

    sandbox.add_app("wxother", Mode::Secure).unwrap();
    let foreign = code_of(&sandbox, "wxother", "snsapi_base", "").await;
    assert_eq!(refused(foreign).await, ErrCode::INVALID_CODE);
    assert_eq!(
        sandbox.calls("/sns/oauth2/access_token"),
        5,
        "none was repeated"
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_sign_in_has_no_profile() {
    let (sandbox, app) = sandbox();
    let code = code(&sandbox, "snsapi_base").await;
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    assert_eq!(token.unionid, None);
    let error = app.call(GetUserInfo::new(&token)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::API_UNAUTHORIZED));
    let hint = "only snsapi_base was requested: request snsapi_userinfo";
    assert_eq!(error.hint(), Some(hint));
}

#[tokio::test(start_paused = true)]
async fn a_users_token_is_checked_and_refreshed() {
    let (sandbox, app) = sandbox();
    let code = code(&sandbox, "snsapi_userinfo").await;
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    app.call(CheckUserToken::new(&token)).await.unwrap();

    // A valid refresh token is extended, an expired one replaced.
    let refresh = || RefreshUserToken::new(token.refresh_token.clone());
    sandbox.advance(Duration::from_secs(7000));
    let prolonged = app.call(refresh()).await.unwrap();
    assert_eq!(prolonged.access_token, token.access_token);
    sandbox.advance(Duration::from_secs(7200));
    let error = app.call(CheckUserToken::new(&token)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::ACCESS_TOKEN_EXPIRED));
    assert_eq!(error.class(), ErrorClass::User, "it is not the app's token");
    assert_eq!(sandbox.calls("/cgi-bin/stable_token"), 0);
    let replaced = app.call(refresh()).await.unwrap();
    assert_ne!(replaced.access_token, token.access_token);
    app.call(GetUserInfo::new(&replaced)).await.unwrap();

    sandbox.advance(Duration::from_secs(30 * 24 * 3600));
    let error = app.call(refresh()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::REFRESH_TOKEN_EXPIRED));
    let error = app
        .call(RefreshUserToken::new("never was"))
        .await
        .unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::INVALID_REFRESH_TOKEN));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_user_is_marked() {
    let (sandbox, app) = sandbox();
    sandbox.user("Hui🐠").set_snapshot(true);
    let code = code(&sandbox, "snsapi_userinfo").await;
    assert!(
        app.call(ExchangeCode::new(code))
            .await
            .unwrap()
            .is_snapshot_user
    );
}

#[tokio::test(start_paused = true)]
async fn the_user_who_signs_in_is_selected_by_name() {
    let (sandbox, app) = sandbox();
    let other = sandbox.user("Ming");
    let code = code_of(&sandbox, APPID, "snsapi_userinfo", "&sandbox_user=Ming").await;
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    assert_eq!(token.openid, other.openid());
}

#[tokio::test(start_paused = true)]
async fn the_page_rejects_what_the_real_page_rejects() {
    let (sandbox, _) = sandbox();
    let page = async |query: &str| {
        let request = Request::get(format!("/connect/oauth2/authorize?{query}"));
        let request = request.body(Bytes::new()).unwrap();
        let response = sandbox.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers().get(header::LOCATION).is_none());
        let page = String::from_utf8(response.into_body().into()).unwrap();
        let (_, text) = page.split_once("<p>").unwrap();
        text.split_once("</p>").unwrap().0.to_owned()
    };
    let rest = "redirect_uri=https%3A%2F%2Fx.example&response_type=code&scope=snsapi_base&state=1";
    assert_eq!(page(rest).await, "10012: appid is empty");
    assert_eq!(
        page(&format!("appid=wxunknown&{rest}")).await,
        "10012: appid is unknown"
    );
    assert_eq!(
        page(&format!("{rest}&appid={APPID}")).await,
        "10002: the parameters must be appid, redirect_uri, response_type=code, scope, state, in \
         this order"
    );
    let scope = rest.replace("snsapi_base", "snsapi_everything");
    assert_eq!(
        page(&format!("appid={APPID}&{scope}")).await,
        "10005: the app may not ask for this scope"
    );
    let redirect = rest.replace("https%3A%2F%2Fx.example", "javascript%3Aalert(1)");
    assert_eq!(
        page(&format!("appid={APPID}&{redirect}")).await,
        "10003: redirect_uri is not an absolute http or https address"
    );

    sandbox.user("Hui🐠").set_refuses(true);
    let consent = rest.replace("snsapi_base", "snsapi_userinfo");
    assert_eq!(
        page(&format!("appid={APPID}&{consent}")).await,
        "0: the user refused"
    );
}

#[test]
fn the_page_url_is_checked_and_its_parameters_are_ordered() {
    let (_, app) = sandbox();
    let url = app
        .authorize_url("https://x.example/a?b=c&d=中")
        .scope(Scope::UserInfo);
    assert_eq!(
        url.clone()
            .state("abc123")
            .force_popup()
            .force_snapshot()
            .build()
            .unwrap(),
        format!(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid={APPID}&redirect_uri=\
             https%3A%2F%2Fx.example%2Fa%3Fb%3Dc%26d%3D%E4%B8%AD&response_type=code&\
             scope=snsapi_userinfo&state=abc123&forcePopup=true&forceSnapShot=true#wechat_redirect"
        )
    );
    let long = "x".repeat(AuthorizeUrl::STATE_MAX + 1);
    for state in ["a b", "a-b", "中", &long] {
        let error = url.clone().state(state).build().unwrap_err();
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::Input, Some("state"))
        );
    }
    assert!(
        url.clone()
            .state("x".repeat(AuthorizeUrl::STATE_MAX))
            .build()
            .is_ok()
    );
    let error = app
        .authorize_url("javascript:alert(1)")
        .build()
        .unwrap_err();
    assert_eq!(error.field(), Some("redirect_uri"));
}

#[tokio::test(start_paused = true)]
async fn the_built_page_url_works_on_the_platform() {
    let (sandbox, app) = sandbox();
    let url = app
        .authorize_url("https://x.example?a=b")
        .state("7")
        .build()
        .unwrap();
    let target = url.strip_prefix("https://open.weixin.qq.com").unwrap();
    let request = Request::get(target.split('#').next().unwrap())
        .body(Bytes::new())
        .unwrap();
    let response = sandbox.oneshot(request).await.unwrap();
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    assert!(
        location.starts_with("https://x.example/?a=b&code="),
        "{location}"
    );
}

/// The browser's step of a sign-in test, without a browser.
#[tokio::test(start_paused = true)]
async fn a_user_consents_in_process() {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let page = || {
        app.authorize_url("https://shop.example/done")
            .state("1024")
            .build()
            .unwrap()
    };
    let user = sandbox.user("Ming");
    let back = user.consent(&page()).unwrap();
    let code = back
        .strip_prefix("https://shop.example/done?code=")
        .unwrap();
    let code = code.strip_suffix("&state=1024").unwrap();
    let token = app.call(ExchangeCode::new(code)).await.unwrap();
    assert_eq!(token.openid, user.openid());

    user.set_refuses(true);
    let refused = user.consent(&page()).unwrap_err();
    assert!(refused.contains("<p>0: the user refused</p>"), "{refused}");
    let error = user.consent("not an address").unwrap_err();
    assert_eq!(error, "invalid URL");
    let bare = "https://open.weixin.qq.com/connect/oauth2/authorize";
    let refused = user.consent(bare).unwrap_err();
    assert!(
        refused.contains("<p>10012: appid is empty</p>"),
        "{refused}"
    );
}
