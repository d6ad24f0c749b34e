//! The default transport.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use http::{Request, Response};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use tower::Service;

use super::transport::ANSWER_MAX;
use crate::error::{Error, ErrorKind, chain};
use crate::runtime::BoxFuture;

/// Carries requests with [`reqwest`]: no redirects, 3 seconds to connect, answers capped while
/// they are read (see [`AnswerMax`](super::AnswerMax)), and no URL in any error.
///
/// The environment's proxy carries `https://` alone: `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in
/// capitals or not, have their usual meaning for it, and the proxy sees no more than the name of the
/// host. A request to `http://` always goes to its host directly, whatever `HTTP_PROXY` and
/// `ALL_PROXY` say: a proxy would read the secrets and the messages in it.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    encrypted: Client,
    /// Never goes through a proxy of the environment.
    plain: Client,
}

impl ReqwestTransport {
    /// A transport with clients of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the TLS back-end cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::connecting_within(CONNECT_TIMEOUT)
    }

    /// The same with another limit for the time that a connection may take, 3 seconds otherwise.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn connecting_within(limit: Duration) -> Result<Self, Error> {
        Ok(Self {
            encrypted: client(Client::builder(), limit)?,
            // It makes no TLS connection: the root certificates need not be loaded for it.
            plain: client(Client::builder().no_proxy().tls_certs_only([]), limit)?,
        })
    }

    /// A transport over the host's own client, for example one with a proxy. It should not follow
    /// redirects: they would carry the credential to another host.
    ///
    /// The client is used for every request as it is. One that was built without
    /// [`no_proxy`](reqwest::ClientBuilder::no_proxy) and without a proxy of its own sends requests
    /// to `http://` through `HTTP_PROXY` or `ALL_PROXY` if the environment has one of them.
    pub fn from_client(client: Client) -> Self {
        Self {
            encrypted: client.clone(),
            plain: client,
        }
    }
}

/// How long a connection may take to be made, unless set.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

fn client(builder: ClientBuilder, connect: Duration) -> Result<Client, Error> {
    let client = builder
        .redirect(Policy::none())
        .connect_timeout(connect)
        .pool_idle_timeout(Duration::from_secs(60))
        .build();
    client.map_err(|error| {
        Error::config(format!(
            "the HTTP client could not be set up: {}",
            chain(&error.without_url())
        ))
    })
}

impl Service<Request<Bytes>> for ReqwestTransport {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let client = match request.uri().scheme() == Some(&Scheme::HTTPS) {
            true => self.encrypted.clone(),
            false => self.plain.clone(),
        };
        Box::pin(async move {
            let max = request.extensions().get().copied().unwrap_or(ANSWER_MAX);
            let request = request.try_into().map_err(stripped)?;
            let mut response = client.execute(request).await.map_err(stripped)?;
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await.map_err(stripped)? {
                if body.len() + chunk.len() > max.bytes() {
                    return Err(Error::new(
                        ErrorKind::Answer,
                        format!("the answer is larger than {} bytes", max.bytes()),
                    ));
                }
                body.extend_from_slice(&chunk);
            }
            let mut answer = Response::new(body.freeze());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            Ok(answer)
        })
    }
}

/// The error without its URL, which holds the credential.
fn stripped(error: reqwest::Error) -> Error {
    let kind = if error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Transport
    };
    Error::transport(kind, error.without_url())
}
