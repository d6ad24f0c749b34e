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
    /// Lets `user` scan the code of `ticket`, which `qrcode/create` returned, and pushes what comes
    /// of it into `target`: `SCAN` if the user follows the app; otherwise `subscribe` with
    /// `qrscene_`, and the user follows from then on. Both carry the ticket.
    ///
    /// A code that has expired, is unknown or is another app's than the one that `user` is
    /// [at](User::at) shows the user a page and pushes nothing: the delivery has no attempts.
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

    /// The push of a scan.
    pub(in crate::sandbox) fn scanned(&self, user: &User, ticket: &str) -> Option<Push> {
        let now = self.clock.now();
        let scene = self.state().codes.scene(user.appid(), ticket, now)?;
        Some(Push::scan_of(user, &scene, ticket))
    }
}
