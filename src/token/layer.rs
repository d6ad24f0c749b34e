//! Makes the tokens available to the application's own handlers.

use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service};

use super::Tokens;
use crate::accessors::inner_service_accessors;

/// A layer that inserts a [`Tokens`] handle into the extensions of every request. It fetches
/// nothing: only a handler that asks for a token waits for it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use http::Request;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use tower_wechat::{BoxError, TokenLayer, Tokens};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let appid = sandbox.appid();
///
/// let handler = service_fn(async |request: Request<()>| {
///     let tokens = Tokens::from_request(&request).ok_or("TokenLayer is missing")?;
///     let token = tokens.get("wx3cc8fd6963e31a32").await?;
///     Ok::<_, BoxError>(token.secret().expose().len())
/// });
/// let service = ServiceBuilder::new().layer(TokenLayer::new(wechat.tokens())).service(handler);
/// assert!(service.oneshot(Request::new(())).await? > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct TokenLayer {
    tokens: Tokens,
}

impl TokenLayer {
    /// Creates a layer that inserts `tokens`.
    pub fn new(tokens: Tokens) -> Self {
        Self { tokens }
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = TokenService<S>;

    fn layer(&self, inner: S) -> TokenService<S> {
        TokenService {
            inner,
            tokens: self.tokens.clone(),
        }
    }
}

/// The [`Service`] of [`TokenLayer`].
#[derive(Debug, Clone)]
pub struct TokenService<S> {
    inner: S,
    tokens: Tokens,
}

impl<S> TokenService<S> {
    inner_service_accessors!(inner: S);
}

impl<S, B> Service<Request<B>> for TokenService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.tokens.clone());
        self.inner.call(request)
    }
}
