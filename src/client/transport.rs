//! Carries the requests: one deadline, one size cap, refusals recognised.

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

/// How long one exchange may take, unless the builder says otherwise.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is taken. The largest known ones are images of some 300 KiB.
pub(super) const ANSWER_MAX: AnswerMax = AnswerMax::new(4 << 20);

/// The service that the host or the feature `reqwest` gave, with whatever error it has.
pub(super) type Leaf = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Gives a service what calls rely on: a deadline from connecting to the last byte, a cap on the
/// answer (4 MiB), an error for what a gateway answers in the platform's place, and the verdict on
/// an answer.
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
            Some(result) => judge(result.map_err(own)?),
            None => {
                let passed = format!("{:?} passed", self.timeout);
                Err(Error::transport(ErrorKind::Timeout, passed))
            }
        }
    }
}

/// An error of ours as it is; any other as a broken connection.
fn own(error: impl Into<BoxError>) -> Error {
    match error.into().downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::transport(ErrorKind::Transport, other),
    }
}

fn judge(response: Response<Bytes>) -> Result<Judged, Error> {
    let status = response.status();
    let body = response.body();
    if body.len() > ANSWER_MAX.bytes() {
        return Err(Error::new(
            ErrorKind::Answer,
            "the answer is larger than 4 MiB",
        ));
    }
    let first = api::text_of(body).first();
    // The platform answers in JSON or with an image: markup is a gateway's.
    if status != StatusCode::OK || matches!(first, None | Some(b'<')) {
        return Err(Error::new(
            ErrorKind::Status(status.as_u16()),
            "a gateway answered in the platform's place",
        ));
    }
    let verdict = api::verdict(body);
    Ok(Judged { response, verdict })
}
