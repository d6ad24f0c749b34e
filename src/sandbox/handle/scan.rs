//! Scans of QR codes.

use ::http::Response;
use http_body::Body as HttpBody;
use tower::Service;

use super::{Sandbox, User};
use crate::body::Body;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::sandbox::push::{Delivery, Push};

impl Sandbox {
    /// Scans the QR code of `ticket` as `user` and pushes the resulting event into `target`.
    ///
    /// `ticket` comes from `qrcode/create`. The event is `SCAN` if the user follows the app.
    /// Otherwise it is `subscribe` with `qrscene_`, and the user follows the app from then on. Both
    /// events carry the ticket.
    ///
    /// A code pushes nothing if it has expired, is unknown, or belongs to another app than the one
    /// `user` is [at](User::at). The user sees a page, and the delivery has no attempts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// use tower_wechat::api::qrcode;
    /// use tower_wechat::sandbox::Sandbox;
    /// use tower_wechat::{Event, Message, Reply, handler_fn};
    ///
    /// async fn on_message(message: Message) -> Reply {
    ///     match message.event() {
    ///         Event::Subscribe(new) => Reply::text(format!("welcome via {:?}", new.scene())),
    ///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
    ///         _ => Reply::none(),
    ///     }
    /// }
    ///
    /// let sandbox = Sandbox::new();
    /// let wechat = sandbox.wechat();
    /// let routes = wechat.routes().on_message(handler_fn(on_message)).prefix("/v1/service/wx");
    ///
    /// let app = wechat.app(sandbox.appid())?;
    /// let code = app.call(qrcode::CreateQrcode::temporary("order-42")).await?;
    /// let user = sandbox.user("Hui");
    /// let first = sandbox.scan(&user, &code.ticket, routes.clone()).await;
    /// assert_eq!(first.reply().and_then(|r| r.text()), Some("welcome via Some(\"order-42\")"));
    /// let second = sandbox.scan(&user, &code.ticket, routes).await;
    /// assert_eq!(second.reply().and_then(|r| r.text()), Some("scene order-42"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn scan<S, R>(&self, user: &User, ticket: &str, target: S) -> Delivery
    where
        S: Service<::http::Request<Body>, Response = Response<R>> + Clone,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        match self.scanned(user, ticket) {
            Some(push) => self.push(push, target).await,
            None => Delivery {
                attempts: Vec::new(),
            },
        }
    }

    /// Returns the push that a scan causes.
    pub(in crate::sandbox) fn scanned(&self, user: &User, ticket: &str) -> Option<Push> {
        let now = self.clock.now();
        let scene = self.state().codes.scene(user.appid(), ticket, now)?;
        Some(Push::scan_of(user, &scene, ticket))
    }
}
