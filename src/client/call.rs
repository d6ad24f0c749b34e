//! One call on its way.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::stack::Stack;
use crate::api::{self, Answer, Auth, Encoded, Endpoint, Host, Verdict};
use crate::app::{AppEntry, AppId};
use crate::error::Error;
use crate::token::Tokens;

/// What is known of a call, in the extensions of the request that a
/// [`transport`](super::WechatBuilder::transport) gets: labels for its logs and metrics.
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
    /// The app that calls.
    pub fn appid(&self) -> &AppId {
        &self.entry.appid
    }

    /// The endpoint's path: a label of few values.
    pub fn endpoint(&self) -> &'static str {
        self.endpoint
    }

    /// The credential that is added.
    pub fn auth(&self) -> Auth {
        self.auth
    }

    /// The host that is called.
    pub fn host(&self) -> Host {
        self.host
    }

    /// Whether the call may be repeated when it is not known whether the platform acted on it.
    pub fn repeatable(&self) -> bool {
        self.repeatable
    }

    pub(super) fn entry(&self) -> &AppEntry {
        &self.entry
    }
}

/// A call in bytes, from which the request of each attempt is made.
pub(super) struct Outgoing {
    pub(super) context: CallContext,
    pub(super) encoded: Encoded,
}

impl Outgoing {
    /// The request of one attempt, at an absolute address.
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

/// Makes a typed call through a stack. Without `tokens` it is one that needs no access token.
pub(crate) async fn exchange<E: Endpoint>(
    stack: &Stack,
    tokens: Option<&Tokens>,
    entry: &Arc<AppEntry>,
    call: &E,
) -> Result<E::Response, Error> {
    let exchange = async {
        let outgoing = Outgoing {
            encoded: api::encode(call)?,
            context: CallContext {
                entry: entry.clone(),
                endpoint: E::PATH,
                auth: E::AUTH,
                host: E::HOST,
                repeatable: call.repeatable(),
            },
        };
        let Judged { response, verdict } = stack.send(tokens, &outgoing).await?;
        let answer = match verdict {
            Verdict::Accepted => E::Response::decode_accepted(response.body())?,
            Verdict::Refused(_) | Verdict::Open => E::Response::decode(response.body())?,
        };
        E::check_answer(&answer, &entry.appid).map(|()| answer)
    };
    exchange.await.map_err(|error| error.at(E::PATH))
}

/// An answer of the platform, and what was found of it.
pub(super) struct Judged {
    pub(super) response: Response<Bytes>,
    pub(super) verdict: Verdict,
}
