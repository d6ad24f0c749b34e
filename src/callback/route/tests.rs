use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tower::{Layer, Service, ServiceExt};

use super::*;
use crate::callback::{Format, Message, Reply, handler_fn};
use crate::{AppId, BoxError};

fn push(fields: &str) -> Message {
    let text = format!("<xml><FromUserName>o1</FromUserName>{fields}</xml>");
    Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
}

fn of(msg_type: &str) -> Message {
    push(&format!("<MsgType>{msg_type}</MsgType>"))
}

fn of_event(name: &str, key: &str) -> Message {
    push(&format!(
        "<MsgType>event</MsgType><Event>{name}</Event><EventKey>{key}</EventKey>"
    ))
}

#[test]
fn kinds_are_told_apart() {
    let is = |pattern: Pattern, message: &Message| pattern.matches(message);
    for (name, pattern) in [
        ("text", text()),
        ("image", image()),
        ("voice", voice()),
        ("video", video()),
        ("shortvideo", video()),
        ("location", location()),
        ("link", link()),
        ("hologram", kind("hologram")),
    ] {
        assert!(is(pattern.clone().and(message()), &of(name)), "{name}");
        assert!(!is(pattern.clone().or(event(name)), &of("file")), "{name}");
        assert!(is(any().and(pattern.not()), &of("file")), "{name}");
    }
    assert!(!is(message(), &push("")) && is(any(), &push("")));
    for (name, pattern) in [
        ("SCAN", scan()),
        ("scan", scan()),
        ("CLICK", click().and(menu())),
        ("subscribe", subscribe()),
        ("unsubscribe", unsubscribe()),
        ("pic_weixin", menu()),
        ("USER_GET_CARD", event("user_get_card")),
    ] {
        let (pushed, posed) = (of_event(name, ""), of(name));
        assert!(is(pattern.clone().and(kind("event")), &pushed), "{name}");
        assert!(!is(pattern.clone(), &posed), "{name}");
        assert!(!is(pattern, &of_event("VIEW_else", "")), "{name}");
        assert!(!is(message(), &pushed), "{name}");
    }
    // The `Event` field of a text message does not make it an event.
    let posed = push("<MsgType>text</MsgType><Event>SCAN</Event><EventKey>order-1</EventKey>");
    assert!(!is(scan(), &posed) && !is(scanned(), &posed) && !is(any().scene("order-1"), &posed));
}

#[test]
fn keys_and_scenes_narrow_down() {
    let (scan_42, order) = (of_event("SCAN", "order-42"), scan().key_prefix("order-"));
    let joined = of_event("subscribe", "qrscene_order-42");
    assert!(order.matches(&scan_42) && !order.matches(&joined));
    assert!(!order.matches(&of_event("SCAN", "login-42")));
    assert!(!order.matches(&of_event("CLICK", "order-42")));
    for message in [&scan_42, &joined] {
        assert!(scanned().matches(message));
        assert!(any().scene_prefix("order-").matches(message));
        assert!(any().scene("order-42").matches(message));
        assert!(!any().scene("order-4").matches(message));
        assert!(!any().scene_prefix("qrscene_").matches(message));
    }
    assert!(click().key("K").matches(&of_event("CLICK", "K")));
    assert!(!click().key("K").matches(&of_event("CLICK", "K2")));
    assert!(!scanned().matches(&of_event("subscribe", "")));
    assert!(!scanned().matches(&of_event("SCAN", "")));
    assert!(!any().scene_prefix("").matches(&of("text")));
}

#[test]
fn users_apps_and_predicates_narrow_down() {
    let message = of("text");
    assert!(text().openid("o1").matches(&message));
    assert!(!text().openid("o2").matches(&message));
    assert!(text().openids(["o2", "o1"]).matches(&message));
    assert!(!text().openids(Vec::<String>::new()).matches(&message));
    assert!(any().app(AppId::new("wx1").unwrap()).matches(&message));
    assert!(!any().app(AppId::new("wx2").unwrap()).matches(&message));
    assert!(when(|message| message.format() == Format::Xml).matches(&message));
}

async fn answer(router: &Router, message: Message) -> Reply {
    router.clone().oneshot(message).await.unwrap()
}

#[tokio::test]
async fn the_first_match_wins_and_the_fallback_takes_the_rest() {
    let router = Router::new()
        .on(text().openid("o1"), handler_fn(|_| async { "first" }))
        .on(text(), handler_fn(|_| async { "second" }))
        .on(image(), handler_fn(|_| async {}));
    assert_eq!(answer(&router, of("text")).await, Reply::text("first"));
    assert_eq!(answer(&router, of("image")).await, Reply::none());
    assert_eq!(answer(&router, of("link")).await, Reply::none());

    let whole = router.clone().fallback(handler_fn(|_| async { "else" }));
    assert_eq!(answer(&whole, of("link")).await, Reply::text("else"));
    assert_eq!(answer(&whole, of("image")).await, Reply::none());
    // The original router is unchanged.
    assert_eq!(answer(&router, of("link")).await, Reply::none());

    let nested = Router::new().on(link().not(), whole);
    assert_eq!(answer(&nested, of("text")).await, Reply::text("first"));
    assert_eq!(answer(&nested, of("link")).await, Reply::none());
    assert_eq!(
        format!("{nested:?} {:?}", any()),
        "Router { routes: 1, fallback: false } Pattern"
    );
}

#[tokio::test]
async fn errors_of_handlers_are_the_routers() {
    let fails = handler_fn(|_| async { Err::<Reply, BoxError>("fails".into()) });
    let router = Router::new().fallback(fails);
    let error = router.oneshot(of("text")).await.unwrap_err();
    assert_eq!(error.to_string(), "fails");
}

/// A handler that requires a call of `poll_ready` before `call`.
#[derive(Clone)]
struct Readied(Arc<AtomicBool>, bool);

impl Service<Message> for Readied {
    type Response = &'static str;
    type Error = BoxError;
    type Future = std::future::Ready<Result<&'static str, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.store(true, Ordering::Relaxed);
        self.1 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Message) -> Self::Future {
        assert!(self.1, "called before it was ready");
        std::future::ready(Ok("ready"))
    }
}

#[tokio::test]
async fn only_the_handler_that_is_for_it_is_asked_whether_it_is_ready() {
    let asked = Arc::new(AtomicBool::new(false));
    let layered = tower::layer::layer_fn(|service: Router| service.map_response(|reply| reply));
    let router = Router::new().on(text(), Readied(Arc::clone(&asked), false));
    let mut router = layered.layer(router);
    router
        .ready()
        .await
        .unwrap()
        .call(of("image"))
        .await
        .unwrap();
    assert!(!asked.load(Ordering::Relaxed));
    let reply = router
        .ready()
        .await
        .unwrap()
        .call(of("text"))
        .await
        .unwrap();
    assert_eq!(reply, Reply::text("ready"));
}

#[test]
fn it_goes_wherever_a_handler_goes() {
    fn fits<T>(_: T)
    where
        T: Service<Message, Response = Reply, Error = BoxError> + Clone + Send + Sync + 'static,
        T::Future: Send,
    {
    }
    fits(Router::new());
}
