//! What a push costs from request to response, against a service that only collects the body.
//!
//! Run with `cargo bench --bench callback`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::convert::Infallible;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt, service_fn};
use tower_wechat::callback::Callback;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::{AppId, Body, CallbackKeys, ManualClock, Message, Reply, handler_fn};

const APPID: &str = "wx3cc8fd6963e31a32";
const TOKEN: &str = "callbacktoken";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const NOW: u64 = 1_767_225_600;

const TEXT: &str = "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
    <FromUserName><![CDATA[oLVPpjqs9BhvzwPj5A-vTYAX3GLc]]></FromUserName>\
    <CreateTime>1767225600</CreateTime><MsgType><![CDATA[text]]></MsgType>\
    <Content><![CDATA[hello, is the shop open today?]]></Content>\
    <MsgId>25000000000000001</MsgId></xml>";

fn plaintext() -> (String, Bytes) {
    let timestamp = NOW.to_string();
    let signature = sign([TOKEN, &timestamp, "n1"]);
    let uri = format!("/wxmsg?signature={signature}&timestamp={timestamp}&nonce=n1");
    (uri, Bytes::from_static(TEXT.as_bytes()))
}

fn secure() -> (String, Bytes) {
    let key = AesKey::parse(AES_KEY).unwrap();
    let encrypt = key.encrypt(TEXT, APPID, [7; 16]);
    let timestamp = NOW.to_string();
    let msg_signature = sign([TOKEN, &timestamp, "n1", &encrypt]);
    let (uri, _) = plaintext();
    let uri = format!("{uri}&encrypt_type=aes&msg_signature={msg_signature}");
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
         <Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    );
    (uri, body.into())
}

fn request((uri, body): &(String, Bytes)) -> Request<Full<Bytes>> {
    Request::post(uri).body(Full::new(body.clone())).unwrap()
}

async fn quiet(_: Message) -> Reply {
    Reply::none()
}

async fn answering(_: Message) -> Reply {
    Reply::text("yes, until six")
}

fn push(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let clock = ManualClock::at_unix(NOW);
    let appid = AppId::new(APPID).unwrap();
    let clear = CallbackKeys::plaintext(TOKEN)
        .unwrap()
        .for_app(appid.clone());
    let sealed = CallbackKeys::secure(TOKEN, AES_KEY).unwrap().for_app(appid);
    let (plaintext, secure) = (plaintext(), secure());
    let forged = (plaintext.0.replace("nonce=n1", "nonce=n2"), Bytes::new());

    let collect = service_fn(|request: Request<Full<Bytes>>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
        Ok::<_, Infallible>(Response::new(Body::from("success")))
    });
    let mut group = criterion.benchmark_group("push");
    let mut bench = |name: &str, service: &dyn Fn() -> Response<Body>| {
        group.bench_function(name, |bencher| bencher.iter(service));
    };
    fn run<S>(
        runtime: &tokio::runtime::Runtime,
        service: &S,
        push: &(String, Bytes),
    ) -> Response<Body>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible> + Clone,
    {
        runtime
            .block_on(service.clone().oneshot(request(push)))
            .unwrap()
    }

    let clear_quiet = Callback::new(clear.clone(), handler_fn(quiet)).clock(clock.clone());
    let clear_reply = Callback::new(clear, handler_fn(answering)).clock(clock.clone());
    let sealed_quiet = Callback::new(sealed.clone(), handler_fn(quiet)).clock(clock.clone());
    let sealed_reply = Callback::new(sealed, handler_fn(answering)).clock(clock);
    bench("collect_only", &|| run(&runtime, &collect, &plaintext));
    bench("forged", &|| run(&runtime, &clear_quiet, &forged));
    bench("plaintext", &|| run(&runtime, &clear_quiet, &plaintext));
    bench("plaintext_reply", &|| {
        run(&runtime, &clear_reply, &plaintext)
    });
    bench("secure", &|| run(&runtime, &sealed_quiet, &secure));
    bench("secure_reply", &|| run(&runtime, &sealed_reply, &secure));
    group.finish();
}

criterion_group!(benches, push);
criterion_main!(benches);
