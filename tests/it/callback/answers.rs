//! The encrypted responses of forward targets: each is accepted once.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_wechat::callback::Mode;
use tower_wechat::callback::forward::{Failure, Forward, ForwardError, Target};
use tower_wechat::{Body, BoxError, BoxFuture, ManualClock, Reply};

use super::support::{APPID, NOW, Platform, Sealed, Tally, counting, message_of, text_document};

const TOKEN: &str = "thetargetstoken";

/// The body that the target responds with.
type Answer = Arc<Mutex<String>>;

struct Stage {
    forward: Forward,
    clock: ManualClock,
    answer: Answer,
    /// The nonces of the pushes that the target received.
    nonces: Arc<Mutex<Vec<String>>>,
}

fn stage() -> Stage {
    let (answer, nonces) = (Answer::default(), Arc::<Mutex<Vec<String>>>::default());
    let (told, seen) = (Arc::clone(&answer), Arc::clone(&nonces));
    let transport = service_fn(move |request: Request<Bytes>| {
        let query = request.uri().query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let nonce = pairs.find(|(name, _)| name == "nonce").unwrap().1;
        seen.lock().unwrap().push(nonce.clone().into_owned());
        let answer = told.lock().unwrap().clone();
        let body = match &*answer {
            "repeat the nonce" => sealed(NOW, &nonce, &reply(NOW)).like_wxjava(),
            _ => answer,
        };
        async move { Ok::<_, BoxError>(Response::new(Bytes::from(body))) }
    });
    let clock = ManualClock::at_unix(NOW);
    let keys = platform().keys();
    let target = Target::new("dev", "https://dev.example/wxmsg", keys).unwrap();
    let forward = Forward::builder(transport)
        .default_target(target)
        .clock(clock.clone());
    Stage {
        forward: forward.build().unwrap(),
        clock,
        answer,
        nonces,
    }
}

impl Stage {
    async fn push(&self, answer: String) -> Result<Reply, Failure> {
        *self.answer.lock().unwrap() = answer;
        let document = "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>";
        let message = message_of(APPID, document.into());
        let result = self.forward.clone().oneshot(message).await;
        result.map_err(|error| error.downcast_ref::<ForwardError>().unwrap().failure())
    }

    fn last_nonce(&self) -> String {
        self.nonces.lock().unwrap().last().unwrap().clone()
    }
}

fn reply(created: u64) -> String {
    format!(
        "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>\
         <CreateTime>{created}</CreateTime><MsgType>text</MsgType><Content>hello</Content></xml>"
    )
}

/// The platform with the target's token.
fn platform() -> Platform {
    Platform::new(Mode::Secure).token(TOKEN)
}

fn sealed(timestamp: impl ToString, nonce: &str, document: &str) -> Sealed {
    platform().timestamp(timestamp).nonce(nonce).seal(document)
}

/// The formats in which the targets' libraries write a reply.
trait Written {
    fn like_wxjava(&self) -> String;
    fn like_easywechat(&self) -> String;
}

impl Written for Sealed {
    /// WxJava's format: `generateXml` of its `WxCryptUtil`, with its own nonce of 16 letters and
    /// digits.
    fn like_wxjava(&self) -> String {
        let Self {
            encrypt,
            signature,
            timestamp,
            nonce,
        } = self;
        format!(
            "<xml>\n<Encrypt><![CDATA[{encrypt}]]></Encrypt>\n<MsgSignature><![CDATA[{signature}]]>\
             </MsgSignature>\n<TimeStamp>{timestamp}</TimeStamp>\n<Nonce><![CDATA[{nonce}]]></Nonce>\n\
             </xml>"
        )
    }

    /// EasyWeChat's format: everything but numbers in CDATA, on one line.
    fn like_easywechat(&self) -> String {
        self.like_wxjava().replace('\n', "")
    }
}

fn taken(created: u64) -> Result<Reply, Failure> {
    Ok(Reply::raw(reply(created)).unwrap())
}

fn refused(why: &'static str) -> Result<Reply, Failure> {
    Err(Failure::Answer(why))
}

#[tokio::test]
async fn a_target_may_use_a_fresh_nonce_or_the_nonce_of_the_push() {
    let stage = stage();
    let at = |timestamp, nonce, created| sealed(timestamp, nonce, &reply(created));
    for (answer, created) in [
        (at(NOW, "UiQhwYqmkBzSsxnS", NOW).like_wxjava(), NOW),
        (at(NOW + 3, "d9bVmKz2hVwJpNeR", NOW).like_easywechat(), NOW),
        (
            at(NOW - 600, "1514711492", NOW - 600).like_wxjava(),
            NOW - 600,
        ),
        (at(NOW + 600, "1", NOW + 600).like_wxjava(), NOW + 600),
        ("repeat the nonce".to_owned(), NOW),
    ] {
        assert_eq!(stage.push(answer.clone()).await, taken(created), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_is_accepted_once() {
    let stage = stage();
    let answer = sealed(NOW, "UiQhwYqmkBzSsxnS", &reply(NOW)).like_wxjava();
    assert_eq!(stage.push(answer.clone()).await, taken(NOW));
    assert_eq!(stage.push(answer.clone()).await, refused("it is a replay"));
    // Setting the wall clock back does not clear the replay memory.
    stage.clock.advance(Duration::from_secs(300));
    stage
        .clock
        .set(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW - 300));
    assert_eq!(stage.push(answer).await, refused("it is a replay"));
}

#[tokio::test]
async fn an_answer_outside_the_window_is_rejected() {
    let stage = stage();
    let why = "its TimeStamp is more than ten minutes from this machine's clock";
    for timestamp in [NOW - 30 * 24 * 3600, NOW - 601, NOW + 601] {
        let answer = sealed(timestamp, "UiQhwYqmkBzSsxnS", &reply(timestamp));
        assert_eq!(stage.push(answer.like_wxjava()).await, refused(why));
    }
}

/// Some libraries write milliseconds or ticks: the age is then that of the sealed document.
#[tokio::test]
async fn a_timestamp_in_other_units_falls_back_to_the_time_of_the_document() {
    let stage = stage();
    let old = "its TimeStamp is more than ten minutes from this machine's clock";
    let unknown = "its TimeStamp is not in seconds since 1970";
    for (written, created, why) in [
        (format!("{NOW}000"), NOW, None),
        ("639028800000000000".to_owned(), NOW, None),
        (format!("{NOW}000"), NOW - 601, Some(old)),
        (format!("{NOW}0"), NOW, Some(unknown)),
        ("now".to_owned(), NOW, Some(unknown)),
    ] {
        let answer = sealed(written, "n", &reply(created));
        let result = stage.push(answer.like_wxjava()).await;
        match why {
            None => assert_eq!(result, taken(created)),
            Some(why) => assert_eq!(result, refused(why)),
        }
    }
}

#[tokio::test]
async fn the_nonce_of_another_push_is_rejected() {
    let stage = stage();
    assert_eq!(stage.push("success".into()).await, Ok(Reply::none()));
    let another = stage.last_nonce();
    assert!(
        another.bytes().all(|byte| byte.is_ascii_lowercase()),
        "{another}"
    );
    let answer = sealed(NOW, &another, &reply(NOW)).like_wxjava();
    let why = "its Nonce is that of another push";
    assert_eq!(stage.push(answer).await, refused(why));
    // Another instance, or this one after a restart, rejects it too.
    let answer = sealed(NOW, &another, &reply(NOW)).like_wxjava();
    assert_eq!(self::stage().push(answer).await, refused(why));
}

#[tokio::test]
async fn a_target_built_on_this_crate_answers_with_a_fresh_nonce() {
    let clock = ManualClock::at_unix(NOW);
    let callback = platform().callback(counting(&Tally::default(), Duration::ZERO));
    let callback = callback.clock(clock.clone());
    let transport = service_fn(move |request: Request<Bytes>| {
        let response = callback.clone().oneshot(request.map(Full::new));
        let response: BoxFuture<'_, _> = Box::pin(response);
        async move { Ok::<_, BoxError>(response.await?.map(Body::into_bytes)) }
    });
    let target = Target::new("dev", "https://dev.example/wxmsg", platform().keys());
    let target = target.unwrap();
    let forward = Forward::builder(transport)
        .default_target(target)
        .clock(clock);
    let forward = forward.build().unwrap();
    for id in 1..=3 {
        let message = message_of(APPID, text_document(NOW, id));
        let reply = forward.clone().oneshot(message).await.unwrap();
        let document = format!(
            "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]>\
             </FromUserName><CreateTime>{NOW}</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[{id}]]></Content></xml>"
        );
        assert_eq!(reply, Reply::raw(document).unwrap());
    }
}

#[tokio::test]
async fn swapping_timestamp_and_nonce_does_not_make_an_answer_fresh() {
    let stage = stage();
    let month = 30 * 24 * 3600;
    // A target that draws ten digits, one of which reads as the current time.
    let mut answer = sealed(NOW - month, &NOW.to_string(), &reply(NOW - month));
    std::mem::swap(&mut answer.timestamp, &mut answer.nonce);
    let why = "it may be a replay: its TimeStamp and Nonce can be swapped";
    assert_eq!(stage.push(answer.like_wxjava()).await, refused(why));
    // The nonce would contain the first bytes of the ciphertext.
    let answer = sealed(NOW, &"n".repeat(64), &reply(NOW));
    let why = "its Nonce is longer than 63 bytes";
    assert_eq!(stage.push(answer.like_wxjava()).await, refused(why));
}
