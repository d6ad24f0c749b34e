//! The HTTP service for the page that waits for a scan.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::{Service, ServiceExt};

use super::events::ScanBody;
use super::login::{ScanLogin, ScanStatus};
use super::store::{ScanError, ScannedUser};
use crate::body::Body;
use crate::browser;
use crate::error::{BoxError, chain};
use crate::panic::{self, Contained, Panicked};
use crate::runtime::BoxFuture;
use crate::secret::Secret;

/// How long `finish` waits for the store to return a result that is already there.
const LOOK: Duration = Duration::from_secs(2);

/// The HTTP service for the page of a sign-in. Created by [`ScanLogin::service`].
///
/// The browser is identified by the cookie that was set with the QR code. Without it every route
/// answers 410, as do `wait` and `finish` after the sign-in has ended. A browser has one sign-in at
/// a time: a new QR code replaces the previous one.
///
/// | `GET` below the mount | |
/// |---|---|
/// | `wait` | 200 when the user has scanned; 204 after 25 seconds without a scan: ask again |
/// | `events` | server-sent events: `scanned` or `gone`, then the stream ends, and the page closes its `EventSource` |
/// | `finish` | the handler's answer, usually a session and a redirect; 409 before the scan |
///
/// `wait` and `finish` answer 503 when too many requests wait, in total or more than ten for one
/// sign-in, and when the store fails. They answer 500 when the store or the handler panics. In
/// these cases `events` ends its stream, and the browser reconnects after 5 seconds.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response, StatusCode};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::scan_login::{ScanLogin, ScannedUser, scanned_fn};
/// # let wechat = tower_wechat::sandbox::Sandbox::new().wechat();
///
/// let scans = ScanLogin::new(&wechat);
/// let service = scans.service(scanned_fn(|user: ScannedUser, _| async move {
///     Response::new(Body::from(format!("signed in as {}", user.openid)))
/// }));
///
/// // axum: `Router::new().nest_service("/login/scan", service)`
/// let request = Request::get("/wait").body(Body::empty())?;
/// assert_eq!(service.oneshot(request).await?.status(), StatusCode::GONE);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ScanLoginService<H> {
    login: ScanLogin,
    handler: H,
    prefix: Arc<str>,
}

impl ScanLogin {
    /// Creates the service for waiting pages. It passes the user of a finished sign-in to
    /// `handler`, possibly several times: a browser may lose an answer, or reload.
    pub fn service<H>(&self, handler: H) -> ScanLoginService<H> {
        ScanLoginService {
            login: self.clone(),
            handler,
            prefix: "".into(),
        }
    }
}

impl<H> ScanLoginService<H> {
    /// Sets the part of the path that the server does not strip, such as `/login/scan`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = prefix.as_ref().trim_end_matches('/').into();
        self
    }
}

impl<B, H, A> Service<Request<B>> for ScanLoginService<H>
where
    H: Service<Request<ScannedUser>, Response = Response<A>> + Clone + Send + 'static,
    H::Error: Into<BoxError>,
    H::Future: Send,
    A: HttpBody + Send,
    A::Data: Send,
    A::Error: Into<BoxError>,
{
    type Response = Response<ScanBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<ScanBody>, Infallible>>;

    /// Always ready: the returned future waits for what the request needs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let route = match path.strip_prefix(&*self.prefix) {
            Some("/wait") => Route::Wait,
            Some("/events") => Route::Events,
            Some("/finish") => Route::Finish,
            _ => return ready(empty(StatusCode::NOT_FOUND)),
        };
        if request.method() != Method::GET {
            return ready(browser::not_allowed("GET"));
        }
        let Some(id) = self.login.id_of(&request) else {
            return ready(empty(StatusCode::GONE));
        };
        let login = self.login.clone();
        let handler = panic::contain(|| self.handler.clone());
        // The body isn't needed, and may not be `Send`.
        let request = request.map(|_| ());
        let work =
            Contained::new(async move { Ok(answer(route, login, handler?, request, &id).await) });
        Box::pin(async move {
            let mut response = work.await.flatten().unwrap_or_else(|Panicked| {
                tracing::error!("the sign-in handler panicked");
                empty(StatusCode::INTERNAL_SERVER_ERROR).map(ScanBody::from)
            });
            browser::seal(&mut response);
            if matches!(route, Route::Events) {
                // Keeps proxies from buffering the stream: `no-transform`, and nginx's own header.
                let headers = response.headers_mut();
                headers.insert(
                    CACHE_CONTROL,
                    HeaderValue::from_static("no-store, no-transform"),
                );
                headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            }
            Ok(response)
        })
    }
}

async fn answer<H, A>(
    route: Route,
    login: ScanLogin,
    handler: H,
    request: Request<()>,
    id: &Secret,
) -> Response<ScanBody>
where
    H: Service<Request<ScannedUser>, Response = Response<A>>,
    H::Error: Into<BoxError>,
    A: HttpBody,
    A::Error: Into<BoxError>,
{
    match route {
        Route::Wait => wait(&login, id).await.map(ScanBody::from),
        Route::Finish => finish(&login, handler, request, id)
            .await
            .map(ScanBody::from),
        Route::Events => events(login, id.clone()),
    }
}

#[derive(Clone, Copy)]
enum Route {
    Wait,
    Events,
    Finish,
}

async fn wait(login: &ScanLogin, id: &Secret) -> Response<Body> {
    empty(match login.wait(id).await {
        Ok(ScanStatus::Scanned(_)) => StatusCode::OK,
        Ok(ScanStatus::Waiting) => StatusCode::NO_CONTENT,
        Ok(ScanStatus::Gone) => StatusCode::GONE,
        Err(error) => unavailable(&error),
    })
}

fn events(login: ScanLogin, id: Secret) -> Response<ScanBody> {
    let mut response = Response::new(ScanBody::events(login, id));
    let events = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(CONTENT_TYPE, events);
    response
}

async fn finish<H, A>(
    login: &ScanLogin,
    handler: H,
    request: Request<()>,
    id: &Secret,
) -> Response<Body>
where
    H: Service<Request<ScannedUser>, Response = Response<A>>,
    H::Error: Into<BoxError>,
    A: HttpBody,
    A::Error: Into<BoxError>,
{
    match login.wait_for(id, LOOK).await {
        Ok(ScanStatus::Scanned(user)) => {
            let answer = handler.oneshot(request.map(|()| user)).await;
            let answer = answer.map_err(|error| {
                let error = chain(&*error.into());
                tracing::error!(error, "the sign-in handler failed");
            });
            let answer = match answer {
                Ok(answer) => browser::whole(answer).await.ok(),
                Err(()) => None,
            };
            answer.unwrap_or_else(|| empty(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Ok(ScanStatus::Waiting) => empty(StatusCode::CONFLICT),
        Ok(ScanStatus::Gone) => empty(StatusCode::GONE),
        Err(error) => empty(unavailable(&error)),
    }
}

fn unavailable(error: &ScanError) -> StatusCode {
    error.log();
    match error {
        ScanError::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn ready(response: Response<Body>) -> BoxFuture<'static, Result<Response<ScanBody>, Infallible>> {
    let mut response = response.map(ScanBody::from);
    browser::seal(&mut response);
    Box::pin(std::future::ready(Ok(response)))
}

impl<H> fmt::Debug for ScanLoginService<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanLoginService")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
