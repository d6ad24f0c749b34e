//! Verifies callback URLs.

use ::http::{Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::Service;

use super::Sandbox;
use crate::app::AppId;
use crate::body::Body;
use crate::error::BoxError;
use crate::sandbox::push::exchange::{collect, request};
use crate::sandbox::random;

impl Sandbox {
    /// Verifies an app's callback, as the console does when its URL is saved. Returns whether
    /// `target` answered with the `echostr`.
    pub async fn verify<S, R>(&self, appid: &AppId, target: S) -> bool
    where
        S: Service<Request<Body>, Response = Response<R>>,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        let Some(account) = self.state().directory.account(appid.as_str()).cloned() else {
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
}
