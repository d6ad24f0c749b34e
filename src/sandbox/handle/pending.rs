//! Pending pushes.

use ::http::{Request, Response};
use http_body::Body as HttpBody;
use tower::Service;

use super::Sandbox;
use crate::body::Body;
use crate::error::BoxError;
use crate::sandbox::push::{Carrier, Delivery, through};

impl Sandbox {
    /// Delivers the platform's pending pushes into `target`, in order.
    ///
    /// These are the results of template messages (`TEMPLATESENDJOBFINISH`). A sandbox with a
    /// [push transport](crate::sandbox::SandboxHttp::push_through) delivers them at once. Otherwise
    /// the latest 10,000 are kept for this call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// use tower_wechat::api::template;
    /// use tower_wechat::sandbox::Sandbox;
    /// use tower_wechat::{Message, Reply, handler_fn};
    ///
    /// async fn on_message(message: Message) -> Reply {
    ///     println!("{:?}: {:?}", message.field("MsgID"), message.field("Status"));
    ///     Reply::none()
    /// }
    ///
    /// let sandbox = Sandbox::new();
    /// let wechat = sandbox.wechat();
    /// let routes = wechat.routes().on_message(handler_fn(on_message)).prefix("/v1/service/wx");
    ///
    /// let template = sandbox.add_template(&sandbox.appid(), "发货通知", "{{thing1.DATA}}");
    /// let user = sandbox.user("Hui");
    /// user.set_follows(true);
    /// let message = template::SendTemplateMessage::new(user.openid(), template).value("thing1", "茶叶");
    /// wechat.app(sandbox.appid())?.call(message).await?;
    ///
    /// let deliveries = sandbox.deliver_pending(routes).await;
    /// assert!(deliveries.iter().all(|delivery| delivery.is_answered()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn deliver_pending<S, R>(&self, target: S) -> Vec<Delivery>
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        // Takes a snapshot: a handler that sends a message per push would keep the loop running
        // forever.
        let pushes = self.state().pending.take();
        let mut deliveries = Vec::with_capacity(pushes.len());
        for push in pushes {
            deliveries.push(self.push(push, target.clone()).await);
        }
        deliveries
    }

    pub(in crate::sandbox) fn carry(&self, carrier: Carrier) {
        self.state().pending.carry(carrier);
    }

    /// Delivers pending pushes on a background task if a push transport is set.
    pub(in crate::sandbox) fn deliver_in_background(&self) {
        let carrier = self.state().pending.carrier();
        let Some(carrier) = carrier else { return };
        let sandbox = self.clone();
        self.runtime.spawn(async move {
            sandbox.deliver_pending(through(carrier)).await;
        });
    }
}
