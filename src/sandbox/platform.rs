//! The platform as a service: which path is served by what.

use std::fmt;
use std::task::{Context, Poll};

use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use tower::Service;

use super::Sandbox;
use super::fault::Fault;
use super::refusal::{empty, respond};
use crate::clock::Clock;
use crate::error::ErrCode;
use crate::runtime::BoxFuture;

/// The connection broke, because [`Sandbox::drop_next`] said so.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke")
    }
}

impl std::error::Error for Broken {}

/// The parameters of a query, in their order.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Service<Request<Bytes>> for Sandbox {
    type Response = Response<Bytes>;
    type Error = Broken;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let fault = self.state().faults.meet(request.uri().path());
        let sandbox = self.clone();
        Box::pin(async move {
            match fault {
                Some(Fault::Drop) => Err(Broken {}),
                Some(Fault::Refuse(code)) => Ok(respond(Err(code))),
                Some(Fault::Answer(response)) => Ok(response),
                Some(Fault::Delay(delay)) => {
                    let response = sandbox.serve(&request);
                    let _sending = sandbox.sending(&request);
                    sandbox.deliver_in_background();
                    sandbox.runtime.sleep(delay).await;
                    Ok(response)
                }
                None => {
                    let response = sandbox.serve(&request);
                    sandbox.deliver_in_background();
                    Ok(response)
                }
            }
        })
    }
}

impl Sandbox {
    fn serve(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let (now, query) = (self.clock.now(), Query::of(request));
        let (method, body) = (request.method(), request.body());
        let mut state = self.state();
        let refused = state.check_account_type(&query, request.uri().path(), now);
        if let Err(code) = refused {
            return state.refuse(request, &query, &code.into(), now);
        }
        if let Some(response) = state.mini_program(request, &query, now) {
            return response;
        }
        let outcome = match request.uri().path() {
            "/cgi-bin/token" => get(method).and_then(|()| state.classic_token(&query, now)),
            "/cgi-bin/stable_token" => post(method).and_then(|()| state.stable_token(body, now)),
            "/cgi-bin/getcallbackip" | "/cgi-bin/get_api_domain_ip" => {
                get(method).and_then(|()| state.addresses(&query, now))
            }
            "/cgi-bin/message/custom/send" => {
                post(method).and_then(|()| state.send_customer_service(&query, body, now))
            }
            "/cgi-bin/message/custom/typing" => {
                post(method).and_then(|()| state.show_typing(&query, body, now))
            }
            "/sns/oauth2/access_token" => get(method).and_then(|()| state.trade_code(&query, now)),
            "/sns/oauth2/refresh_token" => {
                get(method).and_then(|()| state.refresh_user_token(&query, now))
            }
            "/sns/userinfo" => get(method).and_then(|()| state.user_info(&query, now)),
            "/sns/auth" => get(method).and_then(|()| state.check_user_token(&query, now)),
            "/cgi-bin/ticket/getticket" => get(method).and_then(|()| state.ticket(&query, now)),
            "/connect/oauth2/authorize" => return state.authorize(&query, now),
            _ => {
                let served = state.official(request, &query, now);
                return served.unwrap_or_else(|| {
                    // Whoever called sees only a 404, as of a gateway in front of the platform.
                    let path = request.uri().path();
                    tracing::warn!(path, "the sandbox does not know this call: see answer_next");
                    empty(StatusCode::NOT_FOUND)
                });
            }
        };
        respond(outcome)
    }
}

pub(super) fn get(method: &Method) -> Result<(), ErrCode> {
    (method == Method::GET)
        .then_some(())
        .ok_or(ErrCode::REQUIRE_GET)
}

pub(super) fn post(method: &Method) -> Result<(), ErrCode> {
    (method == Method::POST)
        .then_some(())
        .ok_or(ErrCode::REQUIRE_POST)
}
