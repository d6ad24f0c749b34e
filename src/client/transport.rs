//! Sends the requests: applies the timeout and the size cap, and detects refusals.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::AnswerMax;
use super::call::Judged;
use crate::api;
use crate::error::{BoxError, Error, ErrorKind};
use crate::runtime::SharedRuntime;

/// The default timeout of one exchange.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest accepted answer. The largest known answers are images of about 300 KiB.
pub(super) const ANSWER_MAX: AnswerMax = AnswerMax::new(4 << 20);

/// The underlying service, from the application or from the feature `reqwest`, with its error
/// boxed.
pub(super) type Leaf = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Adds what calls rely on to a service: a timeout from connecting to the last byte, a cap on the
/// answer (4 MiB), an error when a gateway answers instead of the platform, and the verdict on an
/// answer.
pub(super) struct Transport {
    leaf: Leaf,
    runtime: SharedRuntime,
    timeout: Duration,
}

impl Transport {
    pub(super) fn new(leaf: Leaf, runtime: SharedRuntime, timeout: Duration) -> Self {
        Self {
            leaf,
            runtime,
            timeout,
        }
    }

    pub(super) async fn exchange(&self, request: Request<Bytes>) -> Result<Judged, Error> {
        let exchange = self.leaf.clone().oneshot(request);
        match self.runtime.timeout(self.timeout, exchange).await {
            Some(result) => judge(result.map_err(Error::from_transport)?),
            None => {
                let passed = format!("no answer in {:?}", self.timeout);
                Err(Error::transport(ErrorKind::Timeout, passed))
            }
        }
    }
}

fn judge(response: Response<Bytes>) -> Result<Judged, Error> {
    let status = response.status();
    let body = response.body();
    // Also here, because a transport of the application may ignore `AnswerMax`.
    if body.len() > ANSWER_MAX.bytes() {
        return Err(Error::new(
            ErrorKind::Answer,
            "the answer is larger than 4 MiB",
        ));
    }
    let first = api::text_of(body).first();
    // The platform answers in JSON or with an image, so markup comes from a gateway.
    if status != StatusCode::OK || matches!(first, None | Some(b'<')) {
        return Err(Error::new(
            ErrorKind::Status(status.as_u16()),
            "a gateway answered instead of the platform",
        ));
    }
    let verdict = api::verdict(body);
    Ok(Judged { response, verdict })
}
