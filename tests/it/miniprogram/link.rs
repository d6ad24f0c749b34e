//! Links: created, queried and rejected.

use std::time::Duration;

use tower_wechat::api::miniprogram::EnvVersion;
use tower_wechat::api::miniprogram::link::{
    Expiry, GenerateScheme, GenerateShortLink, GenerateUrlLink, QueryScheme, QueryUrlLink, Target,
};
use tower_wechat::callback::Mode;
use tower_wechat::{Clock, ErrCode};

use super::{input, sandbox};

fn unix(sandbox: &tower_wechat::sandbox::Sandbox) -> u64 {
    let now = sandbox.clock().now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_link_is_created_and_queried() {
    let (sandbox, app) = sandbox();
    let target = Target::page("/pages/index/index").query("order=42&t=%E6%A1%8C");
    let target = target.env_version(EnvVersion::Trial);
    let end = unix(&sandbox) + 3600;
    let call = GenerateScheme::new(target.clone(), Expiry::At(end));
    let scheme = app.call(call).await.unwrap();
    let known = app.call(QueryScheme::new(&scheme.openlink)).await.unwrap();
    let info = known.scheme_info;
    assert_eq!(
        (&*info.appid, info.expire_time),
        (app.appid().as_str(), end)
    );
    assert_eq!(
        (&*info.path, &*info.env_version),
        ("/pages/index/index", "trial")
    );
    assert_eq!(info.query, "order=42&t=%E6%A1%8C");

    let link = app
        .call(GenerateUrlLink::new(target, Expiry::Days(30)))
        .await
        .unwrap();
    let info = app
        .call(QueryUrlLink::new(&link.url_link))
        .await
        .unwrap()
        .url_link_info;
    assert_eq!(info.expire_time - info.create_time, 30 * 24 * 3600);

    let call = GenerateShortLink::new("pages/index/index?a=1")
        .title("桌")
        .permanent();
    assert!(
        app.call(call)
            .await
            .unwrap()
            .link
            .starts_with("#小程序://桌/")
    );
}

#[tokio::test(start_paused = true)]
async fn a_link_beyond_a_limit_is_not_sent() {
    let (sandbox, app) = sandbox();
    for days in [0, 31] {
        let call = GenerateScheme::new(Target::home(), Expiry::Days(days));
        let (field, text) = input(&app.call(call).await.unwrap_err());
        assert_eq!(field, "expire_interval");
        assert_eq!(
            text,
            format!(
                "/wxa/generatescheme: expire_interval must be 1 to 30 days (it is {days}): make a new \
                 link before it expires"
            )
        );
    }
    for query in ["a=桌".to_owned(), "a b".to_owned(), "q".repeat(1025)] {
        let call = GenerateUrlLink::new(Target::home().query(query), Expiry::Days(1));
        assert_eq!(input(&app.call(call).await.unwrap_err()).0, "query");
    }
    let call = GenerateUrlLink::new(Target::page("pages/x?a=1"), Expiry::Days(1));
    assert_eq!(input(&app.call(call).await.unwrap_err()).0, "path");
    for page in [String::new(), "p".repeat(1025)] {
        let error = app.call(GenerateShortLink::new(page)).await.unwrap_err();
        assert_eq!(input(&error).0, "page_url");
    }
    assert_eq!(
        input(&app.call(QueryScheme::new("")).await.unwrap_err()).0,
        "scheme"
    );
    for path in [
        "/wxa/generatescheme",
        "/wxa/generate_urllink",
        "/wxa/genwxashortlink",
    ] {
        assert_eq!(sandbox.calls(path), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_platforms_errors_are_returned() {
    let (sandbox, app) = sandbox();
    let code = |result: Result<_, tower_wechat::Error>| match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.errcode().unwrap(),
    };
    let call = GenerateScheme::new(Target::page("pages/nowhere"), Expiry::Days(1));
    assert_eq!(code(app.call(call).await), ErrCode::INVALID_LINK_PATH);
    let now = unix(&sandbox);
    for end in [0, now + 59, now + 30 * 24 * 3600 + 1, u64::MAX] {
        let call = GenerateScheme::new(Target::home(), Expiry::At(end));
        assert_eq!(code(app.call(call).await), ErrCode::INVALID_LINK_EXPIRY);
    }
    let call = GenerateShortLink::new("pages/nowhere");
    assert_eq!(
        app.call(call).await.unwrap_err().errcode(),
        Some(ErrCode::new(40066))
    );

    let call = GenerateScheme::new(Target::home(), Expiry::Days(1));
    let scheme = app.call(call).await.unwrap().openlink;
    let other = sandbox.add_app("wxother", Mode::Secure).unwrap();
    let other = sandbox.wechat().app(&other).unwrap();
    let error = other.call(QueryScheme::new(scheme)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(ErrCode::LINK_NOT_FOUND));

    // The errcodes of the token calls have another meaning here.
    for (number, hint) in [
        (
            40002,
            "the account may not make links: it must be a verified mini-program of a company",
        ),
        (40013, "the mini-program is banned from making links"),
    ] {
        sandbox.fail_next("/wxa/generatescheme", ErrCode::new(number));
        let call = GenerateScheme::new(Target::home(), Expiry::Days(1));
        let error = app.call(call).await.unwrap_err();
        assert_eq!(error.class(), tower_wechat::ErrorClass::Permission);
        assert_eq!(error.hint(), Some(hint));
    }
    sandbox.advance(Duration::from_secs(1));
}
