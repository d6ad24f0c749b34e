//! Sends pushes: signed, encrypted outside plaintext mode, and sent up to three times.

use ::http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use rand::RngExt;
use tower::Service;

use super::Sandbox;
use crate::body::Body;
use crate::callback::push::Stamp;
use crate::callback::verify::nonce::Nonce;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::sandbox::directory::Account;
use crate::sandbox::push::exchange::{Unread, collect, read, request};
use crate::sandbox::push::{Attempt, Delivery, Push};
use crate::sandbox::state::State;

/// How often the platform sends an unanswered push.
const ATTEMPTS: usize = 3;

impl Sandbox {
    /// Pushes into `target` as the platform does: up to three times until answered.
    ///
    /// `target` is a router or service that serves the app's callback path. Attempts are
    /// [`patience`](Self::patience) apart, and each has a new signature.
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
            // Started before the attempt: retries are spaced from the start of one attempt to the
            // next.
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

    /// Sends one push to each of these callback URLs in turn, at once and without retries: the
    /// platform's retries reach several instances in this way.
    pub async fn push_to<S, R>(&self, push: Push, urls: &[String], target: S) -> Delivery
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        let mut attempts = Vec::with_capacity(urls.len());
        if let Some((mut account, document)) = self.happen(&push) {
            for url in urls {
                account.callback_url.clone_from(url);
                let target = target.clone();
                attempts.push(self.attempt(&account, &push, &document, target).await);
            }
        }
        Delivery { attempts }
    }

    /// Applies the push's effect on the state and returns its document.
    fn happen(&self, push: &Push) -> Option<(Account, String)> {
        let now = self.shared_clock().unix();
        let mut state = self.state();
        let State {
            directory,
            chats,
            media,
            relations,
            ..
        } = &mut *state;
        // Cloned, because the state must not stay locked while the push is sent.
        let account = directory.account(push.appid.as_str())?.clone();
        let person = directory.person_mut(push.person)?;
        if let Some(follow) = push.follow {
            person.follow(&push.appid, follow);
        }
        let chat = chats.of(&push.appid, push.person);
        if push.follow == Some(false) {
            chat.leave();
        } else if let Some(trigger) = push.trigger() {
            chat.touch(trigger, self.clock.now());
        }
        let document = push.xml(&account.original_id, &person.openid(&push.appid), now);
        for media_id in push.media_ids() {
            media.add(&push.appid, media_id, self.clock.now());
        }
        if push.follow == Some(true) {
            relations.followed(&push.appid, push.person, push.scene(), now);
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
            return Attempt::Invalid("the callback URL is invalid");
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

    /// Returns the query and the body of one attempt.
    fn envelope(&self, account: &Account, push: &Push, document: &str) -> (String, Vec<u8>) {
        let openid = {
            let mut state = self.state();
            state
                .directory
                .person_mut(push.person)
                .map(|person| person.openid(&push.appid))
        };
        let (to, openid) = (&account.original_id, openid.unwrap_or_default());
        let outgoing = account.outgoing(&push.appid);
        outgoing.push(&self.stamp(), document.as_bytes(), to, &openid)
    }

    pub(super) fn stamp(&self) -> Stamp {
        let now = self.shared_clock().unix();
        Stamp::new(now, Nonce::random(), rand::rng().random())
    }
}
