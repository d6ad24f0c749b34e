//! Pushes: signed, encrypted unless the app is in plaintext mode, and sent up to three times.

mod cause;
mod delivery;

pub use self::cause::Push;
pub use self::delivery::{Attempt, Delivery, Received};

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Limited};
use rand::RngExt;
use tower::{Service, ServiceExt};

use super::account::Account;
use super::{Sandbox, random};
use crate::app::AppId;
use crate::body::Body;
use crate::callback::push::{Answer, Stamp};
use crate::callback::verify::nonce::Nonce;
use crate::clock::Clock;
use crate::error::BoxError;

/// How often the platform sends a push that is not answered.
const ATTEMPTS: usize = 3;

/// The largest reply, in bytes.
const REPLY_MAX: usize = 64 << 10;

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
        let pairs = [("echostr", &*echostr)];
        let query = account.outgoing(appid).query(&self.stamp(), &pairs);
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
        let chat = person.chat(&push.appid);
        if push.follow == Some(false) {
            chat.leave();
        } else if let Some(trigger) = push.trigger() {
            chat.touch(trigger, self.clock.now());
        }
        let document = push.xml(&account.original_id, &person.openid(&push.appid), now);
        for media_id in push.media_ids() {
            state.media.add(&push.appid, media_id, self.clock.now());
        }
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
            Some(Ok((StatusCode::OK, body))) => read(account, &push.appid, &body),
            Some(Ok((status, _))) => Attempt::Status(status.as_u16()),
        }
    }

    /// The query and the body of one attempt.
    fn envelope(&self, account: &Account, push: &Push, document: &str) -> (String, Vec<u8>) {
        let openid = {
            let mut state = self.state();
            state
                .person_mut(push.person)
                .map(|person| person.openid(&push.appid))
        };
        let (to, openid) = (&account.original_id, openid.unwrap_or_default());
        let outgoing = account.outgoing(&push.appid);
        outgoing.push(&self.stamp(), document.as_bytes(), to, &openid)
    }

    fn stamp(&self) -> Stamp {
        let now = self.shared_clock().unix();
        Stamp::new(now, Nonce::random(), rand::rng().random())
    }
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
fn read(account: &Account, appid: &AppId, body: &[u8]) -> Attempt {
    let (message, encrypted) = match account.outgoing(appid).answer(body) {
        Ok(Answer::Success) => return Attempt::Success,
        Ok(Answer::Clear(message)) => (message, false),
        Ok(Answer::Encrypted { document, .. }) => (document, true),
        Err(why) => return Attempt::Invalid(why),
    };
    let message = Box::new(message);
    Attempt::Reply(Received { message, encrypted })
}
