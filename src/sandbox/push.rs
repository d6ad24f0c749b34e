//! Pushes: signed, encrypted unless the app is in plaintext mode, and sent up to three times.

use std::fmt::Write;

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Limited};
use rand::RngExt;
use tower::{Service, ServiceExt};

use super::account::{Account, PersonId};
use super::{Sandbox, User, random};
use crate::app::AppId;
use crate::body::Body;
use crate::callback::signature::{self, Signature};
use crate::callback::{Message, Mode};
use crate::error::BoxError;

/// How often the platform sends a push that is not answered.
const ATTEMPTS: usize = 3;

/// The largest reply, in bytes.
const REPLY_MAX: usize = 64 << 10;

/// Something that happened to a user, to be pushed to an app.
#[derive(Debug, Clone)]
pub struct Push {
    appid: AppId,
    person: PersonId,
    fields: Vec<(String, String)>,
    follow: Option<bool>,
}

impl Push {
    /// Anything: the elements after `CreateTime`, in their order. An element of the platform's
    /// that is missing, such as `MsgId`, is not added.
    pub fn of<N, V>(user: &User, fields: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            appid: user.appid().clone(),
            person: user.person(),
            fields,
            follow: None,
        }
    }

    /// The user wrote a text.
    pub fn text(user: &User, content: &str) -> Self {
        let id = random::digits(19);
        Self::of(
            user,
            [("MsgType", "text"), ("Content", content), ("MsgId", &id)],
        )
    }

    /// The user scanned a QR code with a scene: `SCAN` if the user follows the app; otherwise
    /// `subscribe` with `qrscene_`, and the user follows from then on. The ticket is made up: for a
    /// code that was made there is [`Sandbox::scan`].
    pub fn scan(user: &User, scene: &str) -> Self {
        Self::scan_of(user, scene, &random::ticket())
    }

    /// The user begins to follow the app, through a QR code with a scene or otherwise.
    pub fn subscribe(user: &User, scene: Option<&str>) -> Self {
        match scene {
            Some(scene) => Self::subscribe_by(user, scene, &random::ticket()),
            None => Self {
                follow: Some(true),
                ..Self::event(user, "subscribe", "")
            },
        }
    }

    pub(super) fn scan_of(user: &User, scene: &str, ticket: &str) -> Self {
        match user.follows() {
            true => Self::event(user, "SCAN", scene).with("Ticket", ticket),
            false => Self::subscribe_by(user, scene, ticket),
        }
    }

    fn subscribe_by(user: &User, scene: &str, ticket: &str) -> Self {
        Self {
            follow: Some(true),
            ..Self::event(user, "subscribe", &format!("qrscene_{scene}")).with("Ticket", ticket)
        }
    }

    /// What became of a template message.
    pub(super) fn job_finished(appid: AppId, person: PersonId, msgid: u64, status: &str) -> Self {
        let push = Self {
            appid,
            person,
            fields: Vec::new(),
            follow: None,
        };
        push.with("MsgType", "event")
            .with("Event", "TEMPLATESENDJOBFINISH")
            .with("MsgID", &msgid.to_string())
            .with("Status", status)
    }

    /// The user leaves the app.
    pub fn unsubscribe(user: &User) -> Self {
        Self {
            follow: Some(false),
            ..Self::event(user, "unsubscribe", "")
        }
    }

    /// The user tapped a menu button with a key.
    pub fn click(user: &User, key: &str) -> Self {
        Self::event(user, "CLICK", key)
    }

    fn event(user: &User, event: &str, key: &str) -> Self {
        Self::of(
            user,
            [("MsgType", "event"), ("Event", event), ("EventKey", key)],
        )
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The scene of the code that the user came through.
    fn scene(&self) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, key) = fields.find(|(name, _)| name == "EventKey")?;
        key.strip_prefix("qrscene_")
    }

    fn xml(&self, to: &str, from: &str, created: u64) -> String {
        let mut xml = String::from("<xml>");
        let own = [("ToUserName", to), ("FromUserName", from)].into_iter();
        let given = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own {
            element(&mut xml, name, value);
        }
        // Writing to a String cannot fail.
        let _ = write!(xml, "<CreateTime>{created}</CreateTime>");
        for (name, value) in given {
            element(&mut xml, name, value);
        }
        xml.push_str("</xml>");
        xml
    }
}

fn element(xml: &mut String, name: &str, value: &str) {
    let value = value.replace("]]>", "]]]]><![CDATA[>");
    let _ = write!(xml, "<{name}><![CDATA[{value}]]></{name}>");
}

/// How a push went.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// What came of each time it was sent, at most three.
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// Whether the app answered in the end. If not, the user who caused the push sees
    /// 该公众号提供的服务出现故障，请稍后再试.
    pub fn is_answered(&self) -> bool {
        matches!(
            self.attempts.last(),
            Some(Attempt::Success | Attempt::Reply(_))
        )
    }

    /// The reply that the user sees.
    pub fn reply(&self) -> Option<&Received> {
        match self.attempts.last() {
            Some(Attempt::Reply(reply)) => Some(reply),
            _ => None,
        }
    }
}

/// What came of sending a push once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Attempt {
    /// `success` or an empty body: the app has nothing to say.
    Success,
    /// A reply to the user, verified and decrypted.
    Reply(Received),
    /// No answer in time.
    Timeout,
    /// The app could not be reached, or the connection broke.
    Broken,
    /// Another HTTP status than 200.
    Status(u16),
    /// A body that is not a reply, or not one that this app may give.
    Invalid(&'static str),
}

/// A reply as the user's WeChat receives it.
#[derive(Debug, Clone)]
pub struct Received {
    message: Message,
    encrypted: bool,
}

impl Received {
    /// The text, of a text reply.
    pub fn text(&self) -> Option<&str> {
        self.message.field("Content")
    }

    /// The reply's document.
    pub fn document(&self) -> &Message {
        &self.message
    }

    /// Whether it came encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}

impl Sandbox {
    /// Pushes into `target`, a router or a service that serves the app's callback path, as the
    /// platform does: up to three times, signed anew each time, [`patience`](Self::patience) apart,
    /// until it is answered.
    pub async fn push<S, R>(&self, push: Push, target: S) -> Delivery
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        let mut attempts = Vec::with_capacity(ATTEMPTS);
        let Some((account, document)) = self.happen(&push) else {
            return Delivery { attempts };
        };
        while attempts.len() < ATTEMPTS {
            let next = self.runtime.sleep(self.patience);
            let attempt = self
                .attempt(&account, &push, &document, target.clone())
                .await;
            let done = matches!(attempt, Attempt::Success | Attempt::Reply(_));
            attempts.push(attempt);
            if done || attempts.len() == ATTEMPTS {
                break;
            }
            next.await;
        }
        Delivery { attempts }
    }

    /// Asks the callback of an app to prove that it is the one, as the console does when its
    /// address is saved.
    pub async fn verify<S, R>(&self, appid: &AppId, target: S) -> bool
    where
        S: Service<Request<Body>, Response = Response<R>>,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        let Some(account) = self.state().account(appid.as_str()).cloned() else {
            return false;
        };
        let echostr = random::digits(19);
        let query = self.signed(&account, &[("echostr", &echostr)]);
        let request = request(&account, Method::GET, &query, Body::empty());
        let Some(request) = request else { return false };
        match self
            .runtime
            .timeout(self.patience, collect(target, request))
            .await
        {
            Some(Ok((StatusCode::OK, body))) => body == echostr.as_bytes(),
            _ => false,
        }
    }

    /// Lets the push's cause take effect, and writes its document.
    fn happen(&self, push: &Push) -> Option<(Account, String)> {
        let now = self.shared_clock().unix();
        let mut state = self.state();
        let account = state.account(push.appid.as_str())?.clone();
        let person = state.person_mut(push.person)?;
        if let Some(follow) = push.follow {
            person.follow(&push.appid, follow);
        }
        let document = push.xml(&account.original_id, &person.openid(&push.appid), now);
        if push.follow == Some(true) {
            state
                .official
                .followed(&push.appid, push.person, push.scene(), now);
        }
        Some((account, document))
    }

    async fn attempt<S, R>(
        &self,
        account: &Account,
        push: &Push,
        document: &str,
        target: S,
    ) -> Attempt
    where
        S: Service<Request<Body>, Response = Response<R>>,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        let (query, body) = self.envelope(account, push, document);
        let Some(request) = request(account, Method::POST, &query, body.into()) else {
            return Attempt::Invalid("the callback address is not a valid one");
        };
        match self
            .runtime
            .timeout(self.patience, collect(target, request))
            .await
        {
            None => Attempt::Timeout,
            Some(Err(Unread {})) => Attempt::Broken,
            Some(Ok((StatusCode::OK, body))) => read(account, &push.appid, body),
            Some(Ok((status, _))) => Attempt::Status(status.as_u16()),
        }
    }

    /// The query and the body of one attempt.
    fn envelope(&self, account: &Account, push: &Push, document: &str) -> (String, String) {
        let openid = {
            let mut state = self.state();
            state
                .person_mut(push.person)
                .map(|person| person.openid(&push.appid))
        };
        let openid = openid.unwrap_or_default();
        if account.mode == Mode::Plaintext {
            return (
                self.signed(account, &[("openid", &openid)]),
                document.to_owned(),
            );
        }
        let random = rand::rng().random();
        let encrypt = account
            .aes_key
            .encrypt(document, push.appid.as_str(), random);
        let mut body = match account.mode {
            // The clear fields, and their encrypted form beside them.
            Mode::Compatible => document
                .strip_suffix("</xml>")
                .unwrap_or(document)
                .to_owned(),
            _ => {
                let mut xml = String::from("<xml>");
                element(&mut xml, "ToUserName", &account.original_id);
                xml
            }
        };
        element(&mut body, "Encrypt", &encrypt);
        body.push_str("</xml>");
        let (timestamp, nonce) = (self.shared_clock().unix().to_string(), random::digits(10));
        let token = account.token.expose();
        let msg_signature = signature::sign([token, &timestamp, &nonce, &encrypt]).to_string();
        let pairs = [
            ("openid", openid.as_str()),
            ("encrypt_type", "aes"),
            ("msg_signature", msg_signature.as_str()),
        ];
        (signed(account, &timestamp, &nonce, &pairs), body)
    }

    fn signed(&self, account: &Account, pairs: &[(&str, &str)]) -> String {
        let (timestamp, nonce) = (self.shared_clock().unix().to_string(), random::digits(10));
        signed(account, &timestamp, &nonce, pairs)
    }
}

fn signed(account: &Account, timestamp: &str, nonce: &str, pairs: &[(&str, &str)]) -> String {
    let signature = signature::sign([account.token.expose(), timestamp, nonce]).to_string();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("signature", &signature);
    query
        .append_pair("timestamp", timestamp)
        .append_pair("nonce", nonce);
    query.extend_pairs(pairs).finish()
}

fn request(account: &Account, method: Method, query: &str, body: Body) -> Option<Request<Body>> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::try_from(format!("{}?{query}", account.callback_url)).ok()?;
    request
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    Some(request)
}

/// The answer was not to be had.
struct Unread {}

async fn collect<S, R>(target: S, request: Request<Body>) -> Result<(StatusCode, Bytes), Unread>
where
    S: Service<Request<Body>, Response = Response<R>>,
    R: HttpBody,
    R::Error: Into<BoxError>,
{
    let response = target.oneshot(request).await.map_err(|_| Unread {})?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, REPLY_MAX)
        .collect()
        .await
        .map_err(|_| Unread {})?;
    Ok((head.status, body.to_bytes()))
}

/// What the platform makes of an answer's body.
fn read(account: &Account, appid: &AppId, body: Bytes) -> Attempt {
    if body.is_empty() || body == "success" {
        return Attempt::Success;
    }
    let document = |text| Message::parse(appid.clone(), text).ok();
    let Some(outer) = String::from_utf8(body.into()).ok().and_then(document) else {
        return Attempt::Invalid("the body is not a document");
    };
    let Some(encrypt) = outer.field("Encrypt") else {
        return match account.mode {
            Mode::Secure => Attempt::Invalid("a clear reply in secure mode"),
            _ => Attempt::Reply(Received {
                message: outer,
                encrypted: false,
            }),
        };
    };
    let given = |name| outer.field(name).unwrap_or_default();
    let parts = [
        account.token.expose(),
        given("TimeStamp"),
        given("Nonce"),
        encrypt,
    ];
    if Signature::parse(given("MsgSignature")) != Some(signature::sign(parts)) {
        return Attempt::Invalid("the signature of the reply is wrong");
    }
    let Ok(decrypted) = account.aes_key.decrypt(encrypt) else {
        return Attempt::Invalid("the reply cannot be decrypted");
    };
    if decrypted.appid != appid.as_str() {
        return Attempt::Invalid("the reply is of another app");
    }
    match document(decrypted.message) {
        Some(message) => Attempt::Reply(Received {
            message,
            encrypted: true,
        }),
        None => Attempt::Invalid("the reply is not a document"),
    }
}
