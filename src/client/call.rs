//! One outbound call: its context, its encoded form, and its typed result.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use crate::api::{Auth, Encoded, Endpoint, Host, Verdict};
use crate::app::{AppEntry, AppId};

/// Describes a call. It is in the extensions of every request that a
/// [`transport`](super::WechatBuilder::transport) receives, to label logs and metrics.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use tower::ServiceBuilder;
/// use tower_wechat::Wechat;
/// use tower_wechat::client::CallContext;
/// # use http::Response;
/// # let carrier = tower::service_fn(|_: Request<Bytes>| async {
/// #     Ok::<_, std::convert::Infallible>(Response::new(Bytes::new()))
/// # });
///
/// let transport = ServiceBuilder::new()
///     .map_request(|request: Request<Bytes>| {
///         if let Some(call) = request.extensions().get::<CallContext>() {
///             println!("{} calls {}", call.appid(), call.endpoint());
///         }
///         request
///     })
///     .concurrency_limit(100)
///     .service(carrier);
/// let builder = Wechat::builder().transport(transport);
/// ```
#[derive(Debug, Clone)]
pub struct CallContext {
    entry: Arc<AppEntry>,
    endpoint: &'static str,
    auth: Auth,
    host: Host,
    repeatable: bool,
}

impl CallContext {
    pub(super) fn new<E: Endpoint>(entry: &Arc<AppEntry>, call: &E) -> Self {
        Self {
            entry: entry.clone(),
            endpoint: E::PATH,
            auth: E::AUTH,
            host: E::HOST,
            repeatable: call.repeatable(),
        }
    }

    /// Returns the calling app.
    pub fn appid(&self) -> &AppId {
        &self.entry.appid
    }

    /// Returns the endpoint's path, a low-cardinality label.
    pub fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// Returns the kind of credential that is added.
    pub fn auth(&self) -> Auth {
        self.auth
    }

    /// Returns the host that is called.
    pub fn host(&self) -> Host {
        self.host
    }

    /// Returns whether the call may be repeated when it is unknown whether the platform acted on
    /// it.
    pub fn repeatable(&self) -> bool {
        self.repeatable
    }

    pub(super) fn entry(&self) -> &AppEntry {
        &self.entry
    }
}

/// An encoded call, from which the request of each attempt is built.
pub(super) struct Outgoing {
    pub(super) context: CallContext,
    pub(super) encoded: Encoded,
}

impl Outgoing {
    /// Builds the request of one attempt, with an absolute URI.
    pub(super) fn request(&self, uri: http::Uri) -> Request<Bytes> {
        let mut request = Request::new(self.encoded.body.clone());
        *request.method_mut() = self.encoded.method.clone();
        *request.uri_mut() = uri;
        if let Some(content_type) = &self.encoded.content_type {
            let headers = request.headers_mut();
            headers.insert(http::header::CONTENT_TYPE, content_type.clone());
        }
        request.extensions_mut().insert(self.context.clone());
        request
    }
}

/// An answer of the platform and the verdict on it.
pub(super) struct Judged {
    pub(super) response: Response<Bytes>,
    pub(super) verdict: Verdict,
}
