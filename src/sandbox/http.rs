//! The sandbox over HTTP, as a service to nest under any path.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::{Request, Response, StatusCode};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Full, Limited};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use super::answer::empty;
use super::handle::Sandbox;
use super::platform::Broken;
use super::push::Carrier;
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// The maximum size of a request body, in bytes.
const BODY_MAX: usize = 1 << 20;

/// The [`Sandbox`] as a service over any body, returned by [`Sandbox::http`].
///
/// Accepts JSON commands under `/control`. `appid` and `user` default to the first app and the
/// first user:
///
/// | `POST` | body | |
/// |---|---|---|
/// | `/control/push` | `{"type":"text","content":"hi"}`, `{"type":"scan","scene":"order-42"}` or with the `ticket` of a created code, `{"type":"subscribe"}`, optionally with a `scene`, `{"type":"unsubscribe"}`, `{"type":"click","key":"HELP"}`; optional `appid` and `user` | sends a push to the app's callback and returns the result |
/// | `/control/app` | `{}`; optional `appid` | returns an app's secret and callback keys, for another process that acts as the app |
/// | `/control/user` | `{"nickname":"Hui"}` | creates a user |
/// | `/control/template` | `{"title":"发货通知","content":"{{thing1.DATA}}"}`, with `"subscribe":true` for subscribe messages; optional `appid` | adds a template and returns its id |
/// | `/control/media` | `{}`; optional `appid` | uploads a temporary material and returns its MediaId |
/// | `/control/code` | `{"type":"login"}` or `{"type":"phone"}`; optional `appid` and `user` | returns the code that a mini-program's client gets |
/// | `/control/page` | `{"page":"pages/order/detail"}`; optional `appid` | releases a page of a mini-program |
/// | `/control/fail` | `{"path":"/sns/userinfo","errcode":-1}` | refuses the next call of the path |
/// | `/control/delay` | `{"path":"/sns/userinfo","millis":1000}` | delays the answer to the next call of the path |
/// | `/control/drop` | `{"path":"/sns/userinfo"}` | breaks the connection of the next call of the path |
/// | `/control/expire` | `{}` | expires all app tokens |
#[derive(Clone)]
pub struct SandboxHttp {
    sandbox: Sandbox,
    carrier: Option<Carrier>,
}

impl Sandbox {
    /// Serves this platform over HTTP.
    pub fn http(&self) -> SandboxHttp {
        SandboxHttp {
            sandbox: self.clone(),
            carrier: None,
        }
    }
}

impl SandboxHttp {
    /// Sends pushes through `transport`, such as
    /// [`ReqwestTransport`](crate::client::ReqwestTransport), to the apps' callback URLs.
    ///
    /// The platform's own pushes, such as the results of template messages, use the same transport.
    #[must_use]
    pub fn push_through<S>(mut self, transport: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let carrier = BoxCloneSyncService::new(transport.map_err(Into::into));
        self.sandbox.carry(carrier.clone());
        self.carrier = Some(carrier);
        self
    }
}

impl<B> Service<Request<B>> for SandboxHttp
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<SandboxBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<SandboxBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { sandbox, carrier } = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
                return Ok(empty(StatusCode::PAYLOAD_TOO_LARGE).map(SandboxBody::whole));
            };
            let request = Request::from_parts(head, body.to_bytes());
            if let Some(command) = request.uri().path().strip_prefix("/control/") {
                let response = sandbox.control(command, request.body(), carrier).await;
                return Ok(response.map(SandboxBody::whole));
            }
            Ok(match sandbox.oneshot(request).await {
                Ok(response) => response.map(SandboxBody::whole),
                // The service cannot fail, so the body breaks the connection.
                Err(Broken {}) => Response::new(SandboxBody { bytes: None }),
            })
        })
    }
}

impl fmt::Debug for SandboxHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sandbox.fmt(f)
    }
}

/// A response body: complete in memory, or a failure that breaks the connection.
#[derive(Debug)]
pub struct SandboxBody {
    bytes: Option<Full<Bytes>>,
}

impl SandboxBody {
    fn whole(bytes: Bytes) -> Self {
        Self {
            bytes: Some(Full::new(bytes)),
        }
    }
}

impl HttpBody for SandboxBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.bytes {
            Some(bytes) => Pin::new(bytes)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            None => Poll::Ready(Some(Err(Broken {}))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_some_and(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes
            .as_ref()
            // An exact size of 0 would let a server skip the body, and the failure with it.
            .map_or_else(|| SizeHint::with_exact(1), HttpBody::size_hint)
    }
}
