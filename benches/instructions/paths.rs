//! The counted paths. Each makes calls one after the other, with all inputs prepared.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::hint::black_box;
use std::mem::forget;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, service_fn};
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::callback::Mode;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::dedup::DedupLayer;
use tower_wechat::callback::signature::{Signature, sign};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{AppId, Body, ManualClock, Message};

use crate::fixture::platform::wechat_of;
use crate::fixture::{AES_KEY, APPID, NOW, Push, TOKEN, answering, callback, quiet, scan, text};
use crate::valgrind::MANY;

pub(crate) struct Path {
    pub(crate) name: &'static str,
    /// How far a count may exceed the baseline, in percent.
    pub(crate) tolerance: f64,
    run: fn(u64),
}

const fn path(name: &'static str, run: fn(u64)) -> Path {
    Path {
        name,
        tolerance: 3.0,
        run,
    }
}

/// A path whose counts vary slightly between runs.
const fn varying(name: &'static str, run: fn(u64)) -> Path {
    Path {
        name,
        tolerance: 10.0,
        run,
    }
}

pub(crate) const PATHS: &[Path] = &[
    // The parts of a callback.
    path("collect", collect),
    path("query", query),
    path("query_secure", query_secure),
    path("verify", verify),
    path("msg_signature", msg_signature),
    varying("replays", replays),
    path("parse_text", |calls| parse(&message(), calls)),
    path("parse_event", |calls| parse(&scan(NOW), calls)),
    path("parse_envelope", parse_envelope),
    path("decrypt", decrypt),
    path("encrypt", encrypt),
    // Callbacks.
    path("callback_plain", |calls| {
        taken(Mode::Plaintext, callback(Mode::Plaintext, quiet()), calls);
    }),
    path("callback_plain_reply", |calls| {
        taken(
            Mode::Plaintext,
            callback(Mode::Plaintext, answering()),
            calls,
        );
    }),
    path("callback_secure", |calls| {
        taken(Mode::Secure, callback(Mode::Secure, quiet()), calls);
    }),
    path("callback_secure_reply", |calls| {
        taken(Mode::Secure, callback(Mode::Secure, answering()), calls);
    }),
    varying("callback_dedup", callback_dedup),
    varying("callback_deadline", callback_deadline),
    varying("callback_layers", callback_layers),
    path("forged", forged),
    // A cached token, and a call with one.
    varying("token_hit", token_hit),
    varying("call", call),
    varying("token_hit_1000", token_hit_1000),
];

pub(crate) fn run(name: &str, calls: u64) {
    let path = PATHS.iter().find(|path| path.name == name).unwrap();
    (path.run)(calls);
}

fn message() -> String {
    text(400, 25_000_000_000_000_001)
}

/// Makes `calls` synchronous calls.
fn repeat<T>(calls: u64, mut call: impl FnMut() -> T) {
    for _ in 0..calls {
        black_box(call());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

/// Sends `calls` of the prepared `requests`.
fn respond<S>(
    mut service: S,
    mut requests: Vec<Request<Full<Bytes>>>,
    status: StatusCode,
    calls: u64,
) where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
{
    runtime().block_on(async {
        for _ in 0..calls {
            std::future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .unwrap();
            let response = service.call(requests.pop().unwrap()).await.unwrap();
            assert_eq!(response.status(), status);
            black_box(response);
        }
    });
    // Leaked, since dropping the unsent requests would be counted.
    forget(requests);
}

/// Builds requests with different messages.
fn messages(mode: Mode) -> Vec<Request<Full<Bytes>>> {
    let push = |id| Push::new(mode, &text(400, 1 << 60 | id), &format!("nonce{id:05}"));
    (0..MANY).map(|id| push(id).request()).collect()
}

/// Sends different messages to a callback.
fn taken<S>(mode: Mode, service: S, calls: u64)
where
    S: Service<Request<Full<Bytes>>, Response = Response<Body>, Error = Infallible>,
{
    respond(service, messages(mode), StatusCode::OK, calls);
}

/// Sends pushes to a service that only reads the body.
fn collect(calls: u64) {
    let service = service_fn(|request: Request<Full<Bytes>>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
        Ok::<_, Infallible>(Response::new(Body::from("success")))
    });
    taken(Mode::Plaintext, service, calls);
}

fn callback_dedup(calls: u64) {
    let dedup = DedupLayer::new().clock(ManualClock::at_unix(NOW));
    let service = callback(Mode::Plaintext, dedup.layer(quiet()));
    taken(Mode::Plaintext, service, calls);
}

fn callback_deadline(calls: u64) {
    let service = callback(Mode::Plaintext, DeadlineLayer::ack().layer(quiet()));
    taken(Mode::Plaintext, service, calls);
}

/// The layers that `Routes::on_message` applies. The routes themselves are left out: with their JSON
/// services, the compiler inlines other paths less, and `wxmsg` takes 50 instructions there.
fn callback_layers(calls: u64) {
    let dedup = DedupLayer::new().clock(ManualClock::at_unix(NOW));
    let handler = dedup.layer(DeadlineLayer::ack().layer(quiet()));
    taken(Mode::Plaintext, callback(Mode::Plaintext, handler), calls);
}

fn forged(calls: u64) {
    let forged = Push::new(Mode::Plaintext, &message(), "nonce").forged();
    let requests = (0..MANY).map(|_| forged.request()).collect();
    let service = callback(Mode::Plaintext, quiet());
    respond(service, requests, StatusCode::FORBIDDEN, calls);
}

/// Finds the six parameters of a push by name. None of them is percent-encoded.
fn find(query: &str) -> [&str; 6] {
    let mut found = [""; 6];
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let at = match name {
            "signature" => 0,
            "timestamp" => 1,
            "nonce" => 2,
            "echostr" => 3,
            "encrypt_type" => 4,
            "msg_signature" => 5,
            _ => continue,
        };
        found[at] = value;
    }
    found
}

fn query(calls: u64) {
    let push = Push::new(Mode::Plaintext, &message(), "nonce00001");
    let query = push.uri.query().unwrap();
    repeat(calls, || black_box(find(black_box(query))));
}

fn query_secure(calls: u64) {
    let push = Push::new(Mode::Secure, &message(), "nonce00001");
    let query = push.uri.query().unwrap();
    repeat(calls, || black_box(find(black_box(query))));
}

fn verify(calls: u64) {
    let parts = [TOKEN, "1767225600", "nonce00001"];
    let signature = sign(parts).to_string();
    repeat(calls, || {
        assert!(Signature::parse(black_box(&signature)) == Some(sign(black_box(parts))));
    });
}

fn msg_signature(calls: u64) {
    let encrypt = ciphertext(&message());
    let parts = [TOKEN, "1767225600", "nonce00001", &encrypt];
    let signature = sign(parts).to_string();
    repeat(calls, || {
        assert!(Signature::parse(black_box(&signature)) == Some(sign(black_box(parts))));
    });
}

/// A hasher for numbers that are already random.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!()
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.rotate_right(7);
    }
}

/// The least work of replay protection: two standard maps of used signatures that rotate, a map of
/// the signatures whose handler runs, and the fingerprint of the body.
fn replays(calls: u64) {
    let (random, body) = (RandomState::new(), message());
    // Preallocated, so that growth isn't counted.
    let map = || {
        HashMap::<u64, u64, _>::with_capacity_and_hasher(
            1000,
            BuildHasherDefault::<AsIs>::default(),
        )
    };
    let seen = Mutex::new(([map(), map()], map()));
    let mut signature = 0;
    repeat(calls, || {
        signature += 1;
        let fingerprint = random.hash_one(black_box(&body));
        let admitted = {
            let ([young, old], running) = &mut *seen.lock().unwrap();
            let known = young.get(&signature).or(old.get(&signature)).is_some();
            if !known {
                young.insert(signature, fingerprint);
            }
            !known && running.insert(signature, 1).is_none()
        };
        // The handler has succeeded, so the signature stays used and stops running.
        if admitted {
            let ([young, _], running) = &mut *seen.lock().unwrap();
            running.remove(&signature);
            if let Some(used) = young.get_mut(&signature) {
                *used |= 1;
            }
        }
    });
}

fn parse(document: &str, calls: u64) {
    let appid = AppId::new(APPID).unwrap();
    repeat(calls, || {
        Message::parse(appid.clone(), black_box(document).to_owned()).unwrap()
    });
}

fn parse_envelope(calls: u64) {
    let push = Push::new(Mode::Secure, &message(), "nonce00001");
    parse(std::str::from_utf8(&push.body).unwrap(), calls);
}

fn key() -> AesKey {
    AesKey::parse(AES_KEY).unwrap()
}

fn ciphertext(document: &str) -> String {
    key().encrypt(document, APPID, [7; 16])
}

fn decrypt(calls: u64) {
    let (key, encrypt) = (key(), ciphertext(&message()));
    repeat(calls, || key.decrypt(black_box(&encrypt)).unwrap());
}

fn encrypt(calls: u64) {
    let (key, document) = (key(), message());
    repeat(calls, || key.encrypt(black_box(&document), APPID, [7; 16]));
}

fn token_hit(calls: u64) {
    let tokens = Sandbox::with_clock(ManualClock::at_unix(NOW))
        .wechat()
        .tokens();
    runtime().block_on(async {
        for _ in 0..calls {
            black_box(tokens.get(Sandbox::APPID).await.unwrap());
        }
    });
}

/// Makes calls over an in-memory transport.
fn call(calls: u64) {
    let wechat = wechat_of([(APPID.to_owned(), None)], ManualClock::at_unix(NOW));
    let app = wechat.app(APPID).unwrap();
    runtime().block_on(async {
        for _ in 0..calls {
            black_box(app.call(GetCallbackIp::new()).await.unwrap());
        }
    });
}

fn token_hit_1000(calls: u64) {
    let apps = (0..1000).map(|n| (format!("wx{n:016x}"), None));
    let wechat = wechat_of(apps, ManualClock::at_unix(NOW));
    let appid = format!("wx{:016x}", 777);
    let tokens = wechat.tokens();
    runtime().block_on(async {
        for _ in 0..calls {
            black_box(tokens.get(&appid).await.unwrap());
        }
    });
}
