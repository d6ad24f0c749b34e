//! What the host chose for its routes.

use std::sync::Arc;

use tower::{Layer, Service};

use super::access::Access;
use super::json::Options;
use super::no_handler::NoHandler;
use super::service::Routes;
use super::table::Shared;
use super::token::TokenRoute;
use super::userinfo::UserInfo;
use crate::callback::deadline::{Deadline, DeadlineLayer};
use crate::callback::dedup::{Dedup, DedupLayer};
use crate::callback::{Callback, IntoReply, Message};
use crate::client::Wechat;
use crate::error::{BoxError, Error};
use crate::secret::Secret;

impl Routes<NoHandler> {
    pub(crate) fn new(wechat: Wechat) -> Self {
        let apps = wechat.entries().filter_map(|entry| {
            let recipient = entry.callback.clone()?.for_app(entry.appid.clone());
            let callback = Callback::new(recipient, ())
                .clock(wechat.clock().clone())
                .shared_runtime(wechat.runtime().clone());
            Some((entry.appid.clone(), callback))
        });
        Self {
            callbacks: Arc::new(apps.collect()),
            handler: None,
            prefix: "".into(),
            shared: Shared {
                options: Options {
                    runtime: Some(wechat.runtime().clone()),
                    ..Options::default()
                },
                userinfo: UserInfo::new(wechat.clone()),
                wechat,
            },
            tokens: None,
        }
    }

    /// Hands the messages of every app that has callback keys to `handler`, each of them once, and
    /// answers `success` in its place when it takes longer than 4.5 seconds: see
    /// [`dedup`](crate::callback::dedup) and [`deadline`](crate::callback::deadline).
    ///
    /// A handler is a service of [`Message`]; an async function becomes one by
    /// [`handler_fn`](crate::handler_fn).
    pub fn on_message<H>(self, handler: H) -> Routes<Dedup<Deadline<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        self.on_message_within(DeadlineLayer::ack(), handler)
    }

    /// Does the same with a deadline of the host's: one that has a hook for late replies, holds the
    /// platform up, or counts its handlers for the shutdown.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::callback::deadline::DeadlineLayer;
    /// use tower_wechat::callback::deadline::CustomerService;
    /// use tower_wechat::{Message, handler_fn};
    ///
    /// let deadline = DeadlineLayer::ack().late(CustomerService::new(wechat.clone()));
    /// let handler = handler_fn(|_: Message| async { "after some seconds of work" });
    /// let routes = wechat.routes().on_message_within(deadline, handler);
    /// ```
    pub fn on_message_within<H>(
        self,
        deadline: DeadlineLayer,
        handler: H,
    ) -> Routes<Dedup<Deadline<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        let dedup = DedupLayer::new()
            .shared_clock(self.shared.wechat.clock().clone())
            .shared_runtime(self.shared.wechat.runtime().clone());
        let deadline = deadline.or_runtime(self.shared.wechat.runtime());
        self.on_message_bare(dedup.layer(deadline.layer(handler)))
    }

    /// Hands every push to `handler` as it comes, also one that the platform sends again, and waits
    /// for as long as it takes. For a handler that has its own layers on.
    pub fn on_message_bare<H>(self, handler: H) -> Routes<H>
    where
        H: Service<Message> + Clone,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
    {
        Routes {
            prefix: self.prefix,
            shared: self.shared,
            tokens: self.tokens,
            callbacks: self.callbacks,
            handler: Some(handler),
        }
    }
}

impl<H> Routes<H> {
    /// The part of the path that the host's server leaves in front, such as `/v1/service/wx`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = prefix.as_ref().trim_end_matches('/').into();
        self
    }

    /// Lets only callers with one of these keys use the JSON routes, as
    /// `Authorization: Bearer KEY`; without a key in the list nobody may. `wxmsg` needs none: its
    /// pushes are signed.
    ///
    /// It takes the place of an earlier [`unprotected`](Self::unprotected).
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.shared.options.access = Access::keys(keys);
        self
    }

    /// Lets everyone who reaches the JSON routes use them: for a host whose own layer, such as a
    /// login or mutual TLS, lets in only those who may. A loopback address behind a reverse proxy
    /// is no such layer: the proxy passes strangers on.
    ///
    /// It takes the place of earlier [`access_keys`](Self::access_keys). The route `token` keeps
    /// the keys of [`serve_tokens`](Self::serve_tokens).
    #[must_use]
    pub fn unprotected(mut self) -> Self {
        self.shared.options.access = Access::Unprotected;
        self
    }

    /// Answers every failure with HTTP 200, for callers that look at `ret.code` only.
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.shared.options.failures_as_200 = true;
        self
    }

    /// Passes over fields that a JSON route does not know, for callers that send more than they
    /// must. They are refused otherwise, since a misspelt one would be lost in silence: a code that
    /// lives 60 seconds, a message that opens another page.
    #[must_use]
    pub fn ignore_unknown_fields(mut self) -> Self {
        self.shared.options.ignores_unknown_fields = true;
        self
    }

    /// Changes the settings of the callbacks of all apps, for example their limits. The handler is
    /// set by [`on_message`](Routes::on_message), before or after.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::{Message, handler_fn};
    ///
    /// let routes = wechat.routes().callbacks(|callback| callback.body_limit(16 << 10));
    /// let routes = routes.on_message(handler_fn(|_: Message| async { "hello" }));
    /// ```
    #[must_use]
    pub fn callbacks(mut self, change: impl Fn(Callback<()>) -> Callback<()>) -> Self {
        let callbacks = self.callbacks.iter();
        let changed = callbacks.map(|(appid, callback)| (appid.clone(), change(callback.clone())));
        self.callbacks = Arc::new(changed.collect());
        self
    }

    /// Writes users' access and refresh tokens into answers, where they are empty otherwise.
    #[must_use]
    pub fn expose_tokens(mut self) -> Self {
        self.shared.userinfo.expose_tokens = true;
        self
    }

    /// Serves the apps' access tokens and tickets at `token`, to callers with one of these keys;
    /// those of [`access_keys`](Self::access_keys) do not count there. See [`TokenRoute`].
    ///
    /// # Errors
    /// Those of [`TokenRoute::new`].
    pub fn serve_tokens(
        mut self,
        keys: impl IntoIterator<Item = impl Into<Secret>>,
    ) -> Result<Self, Error> {
        self.tokens = Some(TokenRoute::new(self.shared.wechat.clone(), keys)?);
        Ok(self)
    }
}
