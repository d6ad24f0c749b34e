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

/// A transport over [`reqwest`]. It follows no redirects, limits connecting to 3 seconds, caps
/// answers while reading them (see [`AnswerMax`](super::AnswerMax)), and keeps URLs out of its
/// errors.
///
/// A proxy from the environment is used for `https://` only: `HTTPS_PROXY`, `ALL_PROXY` and
/// `NO_PROXY`, in upper or lower case, have their usual meaning, and the proxy sees only the host
/// name. A request to `http://` always goes to its host directly, regardless of `HTTP_PROXY` and
/// `ALL_PROXY`, because a proxy could read the secrets and messages in it.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    encrypted: Client,
    /// Ignores the proxy settings of the environment.
    plain: Client,
}

impl ReqwestTransport {
    /// Creates a transport with new clients.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the TLS back-end cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::connecting_within(CONNECT_TIMEOUT)
    }

    /// Creates a transport with another connect timeout than the default of 3 seconds.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn connecting_within(limit: Duration) -> Result<Self, Error> {
        Ok(Self {
            encrypted: client(Client::builder(), limit)?,
            // Makes no TLS connection, so it doesn't need to load the root certificates.
            plain: client(Client::builder().no_proxy().tls_certs_only([]), limit)?,
        })
    }

    /// Creates a transport from an existing client, for example one with a proxy. The client should
    /// not follow redirects: they would send the credential to another host.
    ///
    /// All requests use this client as it is configured. A client built without
    /// [`no_proxy`](reqwest::ClientBuilder::no_proxy) and without an explicit proxy sends requests
    /// to `http://` through `HTTP_PROXY` or `ALL_PROXY` if the environment sets one of them.
    pub fn from_client(client: Client) -> Self {
        Self {
            encrypted: client.clone(),
            plain: client,
        }
    }
}

/// The default connect timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

fn client(builder: ClientBuilder, connect: Duration) -> Result<Client, Error> {
    let client = builder
        .redirect(Policy::none())
        .connect_timeout(connect)
        .pool_idle_timeout(Duration::from_secs(60))
        .build();
    client.map_err(|error| {
        Error::config(format!(
            "could not set up the HTTP client: {}",
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
                // Checked per chunk: `Content-Length` may be absent or wrong.
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

/// Converts an error, without its URL, which contains the credential.
fn stripped(error: reqwest::Error) -> Error {
    // Before `is_timeout`: a connect timeout is both, and nothing was sent, so any call is safe to
    // repeat.
    let kind = if error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Transport
    };
    Error::transport(kind, error.without_url())
}
