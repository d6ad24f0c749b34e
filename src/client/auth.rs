//! Adds the credential, and survives a dead access token.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use tower::{Layer, Service};

use super::CallContext;
use crate::api::Auth;
use crate::error::{ErrCode, Error, ErrorClass};
use crate::runtime::BoxFuture;
use crate::token::Tokens;

/// Makes [`Authenticated`] services.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    tokens: Tokens,
}

impl AuthLayer {
    /// A layer that takes access tokens from `tokens`.
    pub fn new(tokens: Tokens) -> Self {
        Self { tokens }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Authenticated<S> {
        Authenticated {
            inner,
            tokens: self.tokens.clone(),
        }
    }
}

/// Adds the credential that a call asks for.
///
/// When the platform refuses the access token (40001, 40014 or 42001), the token that was used is
/// retired and the same bytes are sent once more with the current one. The platform has not acted
/// on the refused call, so this is safe for every call. A second refusal is the caller's.
#[derive(Debug, Clone)]
pub struct Authenticated<S> {
    inner: S,
    tokens: Tokens,
}

impl<S> Service<Request<Bytes>> for Authenticated<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let clone = self.inner.clone();
        // The clone is not ready, the original is: see the documentation of `tower::Service`.
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let tokens = self.tokens.clone();
        Box::pin(async move {
            let call = CallContext::of(&request)?;
            let appid = call.appid().clone();
            let secret = call.entry.secret.secret().clone();
            match call.auth() {
                Auth::None => inner.call(request).await,
                Auth::AppId => {
                    inner
                        .call(with(&request, &[("appid", appid.as_str())])?)
                        .await
                }
                Auth::AppSecret => {
                    let credential = [("appid", appid.as_str()), ("secret", secret.expose())];
                    inner.call(with(&request, &credential)?).await
                }
                Auth::AccessToken => {
                    let token = tokens.get(&appid).await?;
                    let used = token.secret();
                    let signed = with(&request, &[("access_token", used.expose())])?;
                    let response = inner.call(signed).await?;
                    if !token_refused(&response) {
                        return Ok(response);
                    }
                    let token = tokens.renew(&appid, used).await?;
                    if token.secret() == used {
                        return Ok(response);
                    }
                    let signed = with(&request, &[("access_token", token.secret().expose())])?;
                    std::future::poll_fn(|cx| inner.poll_ready(cx)).await?;
                    inner.call(signed).await
                }
            }
        })
    }
}

fn token_refused(response: &Response<Bytes>) -> bool {
    let code = response.extensions().get::<ErrCode>();
    code.is_some_and(|code| code.class() == ErrorClass::Refresh)
}

/// The same request with more in its query.
fn with(request: &Request<Bytes>, pairs: &[(&str, &str)]) -> Result<Request<Bytes>, Error> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        query.append_pair(name, value);
    }
    let uri = request.uri();
    let separator = if uri.query().is_some() { '&' } else { '?' };
    let target = format!(
        "{}{separator}{}",
        uri.path_and_query().map_or("/", PathAndQuery::as_str),
        query.finish()
    );
    let mut signed = request.clone();
    *signed.uri_mut() = Uri::try_from(target)
        .map_err(|_| Error::config("the address with its credential is not a valid one"))?;
    Ok(signed)
}
