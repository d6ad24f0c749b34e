//! A message router behind the routes, driven by the sandbox.

use crate::support::clock;
use tower_wechat::callback::Mode;
use tower_wechat::callback::route::{Router, any, click, scanned, subscribe, text};
use tower_wechat::sandbox::{Push, Sandbox};
use tower_wechat::{Message, Reply, handler_fn};

async fn on_order(msg: Message) -> String {
    format!("order by {}", msg.event_name().unwrap_or_default())
}

fn router(tester: String) -> Router {
    let menu = Router::new()
        .on(click().key("HELP"), handler_fn(|_| async { "help" }))
        .fallback(handler_fn(|_| async { "no such entry" }));
    Router::new()
        .on(any().openid(tester), handler_fn(|_| async { "tester" }))
        .on(scanned().scene_prefix("order-"), handler_fn(on_order))
        .on(subscribe(), handler_fn(|_| async { "welcome" }))
        .on(click(), menu)
        .on(text(), handler_fn(|_| async { Reply::none() }))
}

#[tokio::test]
async fn each_message_reaches_its_handler() {
    for mode in [Mode::Plaintext, Mode::Compatible, Mode::Secure] {
        let sandbox = Sandbox::with_clock(clock());
        sandbox.add_app(Sandbox::APPID, mode).unwrap();
        let (user, tester) = (sandbox.user("Hui"), sandbox.user("Lan"));
        let routes = sandbox.wechat().routes().prefix("/v1/service/wx");
        let routes = routes.on_message(router(tester.openid()));
        let answer = async |push: Push| {
            let delivery = sandbox.push(push, routes.clone()).await;
            assert!(delivery.is_answered());
            delivery.reply().and_then(|it| it.text()).map(str::to_owned)
        };
        let said = |text: &str| Some(text.to_owned());
        let scan = || Push::scan(&user, "order-42");
        assert_eq!(answer(scan()).await, said("order by subscribe"));
        assert_eq!(answer(scan()).await, said("order by SCAN"));
        assert_eq!(answer(Push::scan(&user, "login-42")).await, None);
        assert_eq!(answer(Push::subscribe(&user, None)).await, said("welcome"));
        assert_eq!(answer(Push::click(&user, "HELP")).await, said("help"));
        assert_eq!(answer(Push::click(&user, "?")).await, said("no such entry"));
        assert_eq!(answer(Push::text(&user, "hi")).await, None);
        assert_eq!(answer(Push::text(&tester, "hi")).await, said("tester"));
    }
}
