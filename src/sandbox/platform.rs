//! The sandbox as a tower service.

use std::fmt;
use std::task::{Context, Poll};

use ::http::{Request, Response, StatusCode};
use bytes::Bytes;
use tower::Service;

use super::answer::{empty, refused};
use super::calls;
use super::fault::Fault;
use super::handle::Sandbox;
use super::serve::serve;
use crate::clock::Clock;
use crate::runtime::BoxFuture;

/// An error for a connection broken by [`Sandbox::drop_next`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke")
    }
}

impl std::error::Error for Broken {}

impl Service<Request<Bytes>> for Sandbox {
    type Response = Response<Bytes>;
    type Error = Broken;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let fault = self.state().faults.meet(request.uri().path());
        let sandbox = self.clone();
        Box::pin(async move {
            match fault {
                Some(Fault::Drop) => Err(Broken {}),
                Some(Fault::Refuse(code)) => Ok(refused(&code.into())),
                Some(Fault::Answer(response)) => Ok(response),
                Some(Fault::Delay(delay)) => {
                    let response = sandbox.serve(&request);
                    // Held during the delay: another message to the same user is refused meanwhile.
                    let _sending = sandbox.sending(&request);
                    sandbox.deliver_in_background();
                    sandbox.runtime.sleep(delay).await;
                    Ok(response)
                }
                None => {
                    let response = sandbox.serve(&request);
                    sandbox.deliver_in_background();
                    Ok(response)
                }
            }
        })
    }
}

impl Sandbox {
    fn serve(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let (path, now) = (request.uri().path(), self.clock.now());
        let row = calls::find(path);
        let served = row.and_then(|row| serve(row, &mut self.state(), request, now));
        served.unwrap_or_else(|| {
            // The client sees only a 404, which looks like one from a gateway.
            tracing::warn!(
                path,
                "the sandbox does not support this call: set its answer with answer_next"
            );
            empty(StatusCode::NOT_FOUND)
        })
    }
}
