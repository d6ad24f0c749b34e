//! Forwards browsers from one registered domain to several sites.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response, StatusCode};
use tower::Service;

use super::origin::{Origin, encoded};
use crate::api::oauth::AuthorizeUrl;
use crate::body::Body;
use crate::browser::{self, Params};

/// The longest code that is forwarded, in bytes.
const CODE_MAX: usize = 512;

/// A service that forwards browsers returning from the platform to other sites on an allow-list.
/// Mount it on the domain that is registered as 网页授权域名.
///
/// It holds no key and reads no cookie. It forwards `code` and `state` unchanged, and the site that
/// issued the state checks it. Any site on the list can sign in users of the app, so list only
/// sites you control. The target path is not restricted.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::oauth::{Origin, Relay};
///
/// let relay = Relay::new([Origin::new("https://test.shop.example")?]);
///
/// // axum: `Router::new().route_service("/relay", relay)`, and on the other site
/// // `OAuthService::new(app, "https://test.shop.example/login", key, handler)?
/// //     .through("https://shop.example/relay")?`
/// let back = "/relay?target=https%3A%2F%2Ftest.shop.example%2Flogin%2Fdone&code=c0de&state=5tate";
/// let response = relay.clone().oneshot(Request::get(back).body(Body::empty())?).await?;
/// assert_eq!(
///     response.headers()[header::LOCATION],
///     "https://test.shop.example/login/done?code=c0de&state=5tate"
/// );
///
/// let elsewhere = "/relay?target=https%3A%2F%2Fevil.example%2F&code=c0de&state=5tate";
/// let response = relay.oneshot(Request::get(elsewhere).body(Body::empty())?).await?;
/// assert_eq!(response.status(), StatusCode::BAD_REQUEST);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Relay {
    sites: Arc<[Origin]>,
}

impl Relay {
    /// Creates a relay to these sites only.
    pub fn new(sites: impl IntoIterator<Item = Origin>) -> Self {
        Self {
            sites: sites.into_iter().collect(),
        }
    }

    fn location<B>(&self, request: &Request<B>) -> Option<String> {
        let params = Params::of(request);
        let target = params.once("target").ok()??;
        let target = encoded(target);
        let (origin, rest) = Origin::split(&target)?;
        if !self.sites.contains(&origin) {
            return None;
        }
        // The query goes before the fragment, which browsers don't send.
        let (rest, fragment) = match rest.find('#') {
            Some(at) => rest.split_at_checked(at)?,
            None => (rest, ""),
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        // Without a code the user refused: the site shows the rejection.
        if let Some(code) = params.once("code").ok()? {
            let legal = code.len() <= CODE_MAX && code.bytes().all(|byte| byte.is_ascii_graphic());
            query.append_pair("code", Some(code).filter(|_| legal)?);
        }
        if let Some(state) = params.once("state").ok()? {
            let legal = state.len() <= AuthorizeUrl::STATE_MAX
                && state.bytes().all(|byte| byte.is_ascii_alphanumeric());
            query.append_pair("state", Some(state).filter(|_| legal)?);
        }
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let joint = if rest.contains('?') { '&' } else { '?' };
        // Printed from the parsed origin, which is the value that was compared.
        let query = query.finish();
        Some(format!("{origin}{slash}{rest}{joint}{query}{fragment}"))
    }
}

impl<B> Service<Request<B>> for Relay {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.method() != Method::GET {
            return ready(Ok(browser::not_allowed("GET")));
        }
        ready(Ok(match self.location(&request) {
            Some(location) => browser::redirect(&location),
            None => {
                tracing::info!("refused to forward a browser: its target is not on the list");
                let page =
                    "<title>Not found</title><p>链接无效。<p lang=\"en\">The link is not valid.";
                browser::page(StatusCode::BAD_REQUEST, page)
            }
        }))
    }
}
