//! The settings of [`Routes`].

use std::sync::Arc;

use tower::{Layer, Service};

use super::access::Access;
use super::callbacks::Callbacks;
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
        Self {
            callbacks: Callbacks::new(&wechat),
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

    /// Passes the messages of every app with callback keys to `handler`.
    ///
    /// Retried pushes are deduplicated by [`dedup`](crate::callback::dedup). If the handler takes
    /// longer than 4.5 seconds, [`deadline`](crate::callback::deadline) answers `success` instead.
    ///
    /// A handler is a service of [`Message`]. [`handler_fn`](crate::handler_fn) creates one from an
    /// async function.
    pub fn on_message<H>(self, handler: H) -> Routes<Dedup<Deadline<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        self.on_message_within(DeadlineLayer::ack(), handler)
    }

    /// Passes messages to `handler` with a custom deadline: with a hook for late replies, with
    /// another behavior at the deadline, or with a count of running handlers for shutdown.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
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
        let dedup = self.dedup();
        let deadline = deadline
            .or_runtime(self.shared.wechat.runtime())
            .or_shared(self.shared.wechat.shared_state());
        self.on_message_bare(dedup.layer(deadline.layer(handler)))
    }

    /// Stores messages in the inbox of `layer`, answers them with `success`, and passes them to
    /// `handler` afterwards: see [`inbox`](crate::callback::inbox).
    ///
    /// Retried pushes are deduplicated by [`dedup`](crate::callback::dedup).
    #[cfg(feature = "inbox")]
    #[cfg_attr(docsrs, doc(cfg(feature = "inbox")))]
    pub fn on_message_stored<H>(
        self,
        layer: crate::callback::inbox::InboxLayer,
        handler: H,
    ) -> Routes<Dedup<crate::callback::inbox::InboxService<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        let (dedup, layer) = (self.dedup(), layer.or_runtime(self.shared.wechat.runtime()));
        self.on_message_bare(dedup.layer(layer.layer(handler)))
    }

    fn dedup(&self) -> DedupLayer {
        DedupLayer::new()
            .shared_clock(self.shared.wechat.clock().clone())
            .shared_runtime(self.shared.wechat.runtime().clone())
            .shared_store(self.shared.wechat.shared_state().dedup.clone())
    }

    /// Passes every push to `handler`, including retried pushes, and waits without a deadline. For
    /// a handler with its own layers. They do not know the state of
    /// [`WechatBuilder::shared`](crate::WechatBuilder::shared): set
    /// [`DedupLayer::store`](crate::callback::dedup::DedupLayer::store) to share pushes.
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
    /// Sets the part of the path that the server does not strip, such as `/v1/service/wx`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = prefix.as_ref().trim_end_matches('/').into();
        self
    }

    /// Restricts the JSON routes to callers that send one of these keys as `Authorization: Bearer
    /// KEY`. An empty list refuses everyone. `wxmsg` needs no key: its pushes are signed.
    ///
    /// Overrides an earlier [`unprotected`](Self::unprotected).
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.shared.options.access = Access::keys(keys);
        self
    }

    /// Opens the JSON routes to everyone who reaches them. For an application with another layer,
    /// such as a login or mutual TLS, that restricts access. A loopback address behind a reverse
    /// proxy is not such a layer: the proxy forwards requests of strangers.
    ///
    /// Overrides earlier [`access_keys`](Self::access_keys). The route `token` keeps the keys of
    /// [`serve_tokens`](Self::serve_tokens).
    #[must_use]
    pub fn unprotected(mut self) -> Self {
        self.shared.options.access = Access::Unprotected;
        self
    }

    /// Answers every failure with HTTP 200, for callers that only check `ret.code`.
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.shared.options.failures_as_200 = true;
        self
    }

    /// Ignores unknown fields in requests to the JSON routes, for callers that send additional
    /// fields. By default such requests are refused, because a misspelled optional field would
    /// silently get its default: a code would expire after 60 seconds, or a message would open
    /// another page.
    #[must_use]
    pub fn ignore_unknown_fields(mut self) -> Self {
        self.shared.options.ignores_unknown_fields = true;
        self
    }

    /// Changes the settings of the callbacks of all apps, for example their limits. May be called
    /// before or after [`on_message`](Routes::on_message), which sets the handler.
    ///
    /// `change` is called again for each app that is [added later](Wechat::insert_app), during
    /// that call, and must not change the apps itself.
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
    pub fn callbacks(
        mut self,
        change: impl Fn(Callback<()>) -> Callback<()> + Send + Sync + 'static,
    ) -> Self {
        let wechat = &self.shared.wechat;
        self.callbacks = self.callbacks.changed(wechat, Arc::new(change));
        self
    }

    /// Includes users' access and refresh tokens in answers. By default these fields are empty.
    #[must_use]
    pub fn expose_tokens(mut self) -> Self {
        self.shared.userinfo.expose_tokens = true;
        self
    }

    /// Serves the apps' access tokens and tickets at `token`, to callers with one of these keys.
    /// The keys of [`access_keys`](Self::access_keys) are not accepted there. See [`TokenRoute`].
    ///
    /// # Errors
    /// As [`TokenRoute::new`].
    pub fn serve_tokens(
        mut self,
        keys: impl IntoIterator<Item = impl Into<Secret>>,
    ) -> Result<Self, Error> {
        self.tokens = Some(TokenRoute::new(self.shared.wechat.clone(), keys)?);
        Ok(self)
    }
}
