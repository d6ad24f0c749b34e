//! What the tests of the layers for handlers stand on: messages, and a handler that is told what
//! to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt, service_fn};
use tower_wechat::callback::HandlerError;
use tower_wechat::callback::signature::sign;
use tower_wechat::{AppId, Body, BoxError, Callback, CallbackKeys, ManualClock, Message, Reply};

pub const APPID: &str = "wx3cc8fd6963e31a32";
pub const NOW: u64 = 1_767_225_600;

/// A document of the first user.
pub fn document(fields: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{NOW}</CreateTime>{fields}</xml>"
    )
}

pub fn message_of(appid: &str, document: String) -> Message {
    Message::parse(AppId::new(appid).unwrap(), document).unwrap()
}

/// The text message of this id.
pub fn text(id: usize) -> Message {
    message_of(APPID, document(&text_fields(id)))
}

pub fn text_fields(id: usize) -> String {
    format!("<MsgType>text</MsgType><Content>hi</Content><MsgId>{id}</MsgId>")
}

/// Counts how often a handler was called, and how often it came to its end.
#[derive(Clone, Default)]
pub struct Tally(Arc<[AtomicUsize; 2]>);

impl Tally {
    pub fn started(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    pub fn ended(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }

    /// The number of this call, from one.
    pub fn start(&self) -> usize {
        self.0[0].fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn end(&self) {
        self.0[1].fetch_add(1, Ordering::SeqCst);
    }
}

pub type Handler = BoxCloneSyncService<Message, Reply, BoxError>;

/// A handler that works for a time and then does what `outcome` says of its call.
pub fn handler<F>(tally: &Tally, work: Duration, outcome: F) -> Handler
where
    F: Fn(usize) -> Result<Reply, BoxError> + Send + Sync + 'static,
{
    let (tally, outcome) = (tally.clone(), Arc::new(outcome));
    BoxCloneSyncService::new(service_fn(move |_: Message| {
        let (number, tally, outcome) = (tally.start(), tally.clone(), Arc::clone(&outcome));
        async move {
            tokio::time::sleep(work).await;
            let result = outcome(number);
            tally.end();
            result
        }
    }))
}

/// One that replies with the number of the call.
pub fn counting(tally: &Tally, work: Duration) -> Handler {
    handler(tally, work, |number| Ok(Reply::text(format!("{number}"))))
}

/// One that is done at once.
pub fn instant(tally: &Tally) -> Handler {
    let tally = tally.clone();
    BoxCloneSyncService::new(service_fn(move |_: Message| {
        let number = tally.start();
        std::future::ready(Ok(Reply::text(format!("{number}"))))
    }))
}

/// Hands a message to a service, in a task of its own.
pub fn send<S>(
    service: &S,
    message: Message,
) -> tokio::task::JoinHandle<Result<Reply, HandlerError>>
where
    S: Service<Message, Response = Reply, Error = HandlerError> + Clone + Send + 'static,
    S::Future: Send,
{
    tokio::spawn(service.clone().oneshot(message))
}

/// A callback in plaintext mode at [`NOW`].
pub fn callback<H>(handler: H) -> Callback<H> {
    let keys = CallbackKeys::plaintext("thetoken").unwrap();
    let recipient = keys.for_app(AppId::new(APPID).unwrap());
    Callback::new(recipient, handler).clock(ManualClock::at_unix(NOW))
}

/// The address of a push to it.
pub fn address(timestamp: u64, nonce: &str) -> String {
    let signature = sign(["thetoken", &timestamp.to_string(), nonce]);
    format!("/wxmsg?signature={signature}&timestamp={timestamp}&nonce={nonce}")
}

pub fn push(nonce: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(address(NOW, nonce))
        .body(body.into())
        .unwrap()
}

pub fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
