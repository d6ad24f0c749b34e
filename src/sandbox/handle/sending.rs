//! Subscribe messages in flight: the platform sends a user one at a time.

use ::http::Request;
use bytes::Bytes;
use serde::Deserialize;

use super::Sandbox;
use crate::app::AppId;
use crate::clock::Clock;
use crate::sandbox::call::Query;
use crate::sandbox::directory::PersonId;

/// Guards a message in flight. Dropping it ends the delivery.
pub(in crate::sandbox) struct OnItsWay {
    sandbox: Sandbox,
    to: (AppId, PersonId),
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        // Takes the state lock: a guard must not be dropped while that lock is held.
        self.sandbox.state().subscribe_messages.end(&self.to);
    }
}

impl Sandbox {
    /// Returns a guard for the message that a call sends.
    ///
    /// Returns `None` if the call sends no message or one to the same user is in flight.
    pub(in crate::sandbox) fn sending(&self, request: &Request<Bytes>) -> Option<OnItsWay> {
        #[derive(Deserialize)]
        struct Body {
            touser: String,
        }

        let path = request.uri().path();
        let kind = path.strip_prefix("/cgi-bin/message/subscribe/")?;
        if !["send", "bizsend"].contains(&kind) {
            return None;
        }
        let query = Query::of(request);
        let now = self.clock.now();
        let Body { touser } = serde_json::from_slice(request.body()).ok()?;
        let mut state = self.state();
        let appid = state.tokens.check(query.get("access_token"), now).ok()?;
        let person = state.directory.find_openid(&appid, &touser).ok()?;
        let to = (appid, person);
        let begins = state.subscribe_messages.begin(to.clone());
        begins.then(|| OnItsWay {
            sandbox: self.clone(),
            to,
        })
    }
}
