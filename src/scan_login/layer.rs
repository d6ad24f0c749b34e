//! Completes sign-ins from the platform's pushes.

use std::fmt;
use std::task::{Context, Poll};

use tower::{Layer, Service, ServiceExt};

use super::login::ScanLogin;
use super::store::ScannedUser;
use crate::accessors::inner_service_accessors;
use crate::callback::{Event, IntoReply, Message, Reply};
use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// A layer that wraps a message handler in a [`ScanHandler`]. Created by [`ScanLogin::layer`].
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ScanLoginLayer {
    login: ScanLogin,
}

impl ScanLogin {
    /// Creates a layer for the message handler. It answers the scans of sign-ins, and passes every
    /// other message to the handler.
    pub fn layer(&self) -> ScanLoginLayer {
        ScanLoginLayer {
            login: self.clone(),
        }
    }

    /// Returns the scene and the user if the message is the scan of a sign-in.
    fn scan(&self, message: &Message) -> Option<(String, ScannedUser)> {
        let (scene, new_follower) = match message.event() {
            Event::Scan(scan) => (scan.scene(), false),
            Event::Subscribe(subscribe) => (subscribe.scene()?, true),
            _ => return None,
        };
        let openid = message.from_user_name();
        if !self.owns(scene) || openid.is_empty() {
            return None;
        }
        let user = ScannedUser::new(message.appid().clone(), openid, new_follower);
        Some((scene.to_owned(), user))
    }

    async fn complete(self, scene: String, user: ScannedUser) -> Result<Reply, BoxError> {
        let appid = user.appid.clone();
        Ok(match self.settings.store.complete(&scene, user).await? {
            true => {
                tracing::debug!(%appid, "a user signed in by scan");
                self.settings.signed_in.clone()
            }
            false => {
                tracing::info!(%appid, "a scan signed no one in: it was late, or not the first");
                self.settings.too_late.clone()
            }
        })
    }
}

impl<S> Layer<S> for ScanLoginLayer {
    type Service = ScanHandler<S>;

    fn layer(&self, inner: S) -> ScanHandler<S> {
        ScanHandler {
            login: self.login.clone(),
            inner,
        }
    }
}

/// A message handler that completes sign-ins by scan.
///
/// When the store fails, the push fails too, and the platform retries it.
#[derive(Clone)]
pub struct ScanHandler<S> {
    login: ScanLogin,
    inner: S,
}

impl<S> ScanHandler<S> {
    inner_service_accessors!(inner: S);
}

impl<S> Service<Message> for ScanHandler<S>
where
    S: Service<Message> + Clone + Send + 'static,
    S::Response: IntoReply,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    type Response = Reply;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Reply, BoxError>>;

    /// Always ready: the inner handler is polled only for its own messages.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, message: Message) -> Self::Future {
        match self.login.scan(&message) {
            Some((scene, user)) => Box::pin(self.login.clone().complete(scene, user)),
            None => {
                let inner = self.inner.clone();
                Box::pin(async move {
                    let answer = inner.oneshot(message).await;
                    answer.map_err(Into::into)?.into_reply()
                })
            }
        }
    }
}

impl<S> fmt::Debug for ScanHandler<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScanHandler")
    }
}
