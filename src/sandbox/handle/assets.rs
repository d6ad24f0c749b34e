//! The assets of apps: pages, templates and media.

use super::Sandbox;
use crate::app::AppId;
use crate::clock::Clock;
use crate::sandbox::random;

impl Sandbox {
    /// Releases a page of a mini-program, such as `pages/order/detail`.
    ///
    /// Codes and links to an unreleased page are refused. An app has at most 10,000 pages. Pages
    /// beyond that, and pages of an unknown app, are ignored.
    pub fn publish_page(&self, appid: &AppId, page: impl Into<String>) {
        let mut state = self.state();
        if state.directory.account(appid.as_str()).is_none() {
            return;
        }
        state.pages.release(appid, page.into());
    }

    /// Adds a template for [template messages](crate::api::template::SendTemplateMessage) to an
    /// account and returns its id.
    ///
    /// `content` has one placeholder per keyword, such as `{{thing1.DATA}}`. A message's values are
    /// checked against the keyword's type.
    pub fn add_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.templates.add(appid, title, content, false)
    }

    /// Adds a template for [subscribe messages](crate::api::subscribe_message) to an account and
    /// returns its id. Used in a template message, it is refused with 40037.
    pub fn add_subscribe_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.templates.add(appid, title, content, true)
    }

    /// Returns the number of templates that an account has.
    pub(in crate::sandbox) fn templates(&self, appid: &AppId) -> usize {
        self.state().templates.count(appid)
    }

    /// Uploads a temporary material (临时素材) of an app, such as an image, and returns its
    /// MediaId.
    ///
    /// The MediaId is valid for three days, as is the MediaId of a message that a user
    /// [pushed](crate::sandbox::Push). Customer-service messages with any other MediaId are refused
    /// with 40007.
    ///
    /// At most 10,000 MediaIds are kept. The oldest is dropped beyond that.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// use tower_wechat::api::customer_service::SendCustomerServiceMessage;
    /// # use tower_wechat::{Reply, handler_fn, sandbox::{Push, Sandbox}};
    /// # let sandbox = Sandbox::new();
    /// # let (wechat, user) = (sandbox.wechat(), sandbox.user("Hui"));
    /// # let routes = wechat.routes().on_message(handler_fn(|_| async { Reply::none() }));
    /// # sandbox.push(Push::text(&user, "hi"), routes.prefix("/v1/service/wx")).await;
    /// # let app = wechat.app(sandbox.appid())?;
    ///
    /// let media_id = sandbox.add_media(app.appid());
    /// app.call(SendCustomerServiceMessage::image(user.openid(), media_id)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_media(&self, appid: &AppId) -> String {
        let now = self.clock.now();
        let media_id = random::alphanumeric(64);
        self.state().media.add(appid, &media_id, now);
        media_id
    }
}
