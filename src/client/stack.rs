//! The outbound stack: the order in which each call is traced, retried, authenticated and sent.
//!
//! The steps are methods, not tower layers: they pass a typed call, so no service is boxed between
//! them. The tower service is the transport at the end.

use std::sync::Arc;

use http::Uri;
use tracing::Instrument;

use super::call::{Judged, Outgoing};
use super::failover::Failover;
use super::hosts::Hosts;
use super::retry::Retry;
use super::trace;
use super::transport::Transport;
use crate::api::Host;
use crate::error::Error;
use crate::token::Tokens;

/// The outbound stack. Clones share the failover state and the retry budget.
#[derive(Clone)]
pub(crate) struct Stack(Arc<Inner>);

struct Inner {
    retry: Retry,
    hosts: Hosts,
    failover: Failover,
    transport: Transport,
}

impl Stack {
    pub(super) fn new(
        retry: Retry,
        hosts: Hosts,
        failover: Failover,
        transport: Transport,
    ) -> Self {
        Self(Arc::new(Inner {
            retry,
            hosts,
            failover,
            transport,
        }))
    }

    /// Sends a call, with retries.
    pub(super) async fn send(
        &self,
        tokens: Option<&Tokens>,
        call: &Outgoing,
    ) -> Result<Judged, Error> {
        // Outermost, so that a call has one span however often it is sent.
        let traced = async {
            let result = self.attempts(tokens, call).await;
            trace::log(&call.context, &result);
            result
        };
        traced.instrument(trace::span(&call.context)).await
    }

    async fn attempts(&self, tokens: Option<&Tokens>, call: &Outgoing) -> Result<Judged, Error> {
        let mut attempts = self.0.retry.attempts();
        loop {
            // Inside the retry loop, so that each attempt gets a current token: it may expire in
            // the pause.
            let result = self.authenticated(tokens, call).await;
            match attempts.next(&call.context, &result) {
                Some(pause) => pause.await,
                None => return result,
            }
        }
    }

    /// Sends a call once, with the given credential in its query.
    pub(super) async fn once(
        &self,
        call: &Outgoing,
        credential: &[(&str, &str)],
    ) -> Result<Judged, Error> {
        let Inner {
            hosts,
            failover,
            transport,
            ..
        } = &*self.0;
        // Inside the retry loop, so that a repeated call can go to another host.
        let chosen = match call.context.host() {
            Host::Api => Some(failover.choose(call.context.repeatable())),
            // The platform has one host for these calls.
            Host::Mp => None,
        };
        let base = hosts.base(call.context.host(), chosen.unwrap_or_default());
        // The timeout applies to one exchange, so a repeated call can take a multiple of it.
        let request = call.request(address(base, &call.encoded.target, credential)?);
        let result = transport.exchange(request).await;
        if let Some(chosen) = chosen {
            failover.learn(chosen, hosts.count(), &result);
        }
        result
    }
}

/// Builds the URI of a call, with the credential in the query.
fn address(base: &str, target: &str, credential: &[(&str, &str)]) -> Result<Uri, Error> {
    // Reserves the exact size before percent-encoding: `&` or `?`, and `=`, for each pair.
    let credential_len: usize = credential
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let mut address = String::with_capacity(base.len() + target.len() + credential_len);
    address.push_str(base);
    address.push_str(target);
    if !credential.is_empty() {
        let query = match target.contains('?') {
            true => 0,
            false => {
                address.push('?');
                address.len()
            }
        };
        let mut serializer = form_urlencoded::Serializer::for_suffix(address, query);
        serializer.extend_pairs(credential);
        address = serializer.finish();
    }
    Uri::try_from(address).map_err(|_| Error::config("the URI of the call is not valid"))
}
