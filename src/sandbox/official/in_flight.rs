//! Subscribe messages on their way: the platform sends a user one at a time.

use std::collections::HashSet;

use ::http::Request;
use bytes::Bytes;
use serde::Deserialize;

use crate::app::AppId;
use crate::clock::Clock;
use crate::sandbox::Sandbox;
use crate::sandbox::account::PersonId;
use crate::sandbox::platform::Query;

/// Whom a subscribe message is on its way to, and from which app.
#[derive(Debug, Default)]
pub(super) struct InFlight(HashSet<(AppId, PersonId)>);

impl InFlight {
    pub(super) fn is_to(&self, appid: &AppId, person: PersonId) -> bool {
        self.0.contains(&(appid.clone(), person))
    }
}

/// A message is on its way for as long as this lives.
pub(in crate::sandbox) struct OnItsWay {
    sandbox: Sandbox,
    to: (AppId, PersonId),
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.sandbox.state().official.sending.0.remove(&self.to);
    }
}

impl Sandbox {
    /// The message that a call sends; `None` if it sends none, or one to the same user is on its
    /// way.
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
        let person = state.find_openid(&appid, &touser).ok()?;
        let to = (appid, person);
        let begins = state.official.sending.0.insert(to.clone());
        begins.then(|| OnItsWay {
            sandbox: self.clone(),
            to,
        })
    }
}
