//! What apps have: pages, templates and media.

use super::Sandbox;
use crate::app::AppId;
use crate::clock::Clock;
use crate::sandbox::random;

impl Sandbox {
    /// Releases a page of a mini-program, such as `pages/order/detail`. Codes and links of a page
    /// that is not released are refused. An app has at most 10,000 pages; more are passed over, as
    /// are those of an app that the sandbox does not have.
    pub fn publish_page(&self, appid: &AppId, page: impl Into<String>) {
        let mut state = self.state();
        if state.directory.account(appid.as_str()).is_none() {
            return;
        }
        state.pages.release(appid, page.into());
    }

    /// Adds a template for [template messages](crate::api::template::SendTemplateMessage) to an account's list
    /// and returns its id. `content` has a placeholder such as `{{thing1.DATA}}` for each keyword,
    /// whose value is checked by its type.
    pub fn add_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.templates.add(appid, title, content, false)
    }

    /// The same for [subscribe messages](crate::api::subscribe_message): as a template message it
    /// is refused with 40037.
    pub fn add_subscribe_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.templates.add(appid, title, content, true)
    }

    /// How many templates an account has.
    pub(in crate::sandbox) fn templates(&self, appid: &AppId) -> usize {
        self.state().templates.count(appid)
    }

    /// Uploads a temporary material (临时素材) of an app, such as an image: its MediaId, which works
    /// for three days. So does that of a message that a user [pushed](crate::sandbox::Push).
    /// Customer-service messages with any other are refused with 40007.
    ///
    /// There are at most 10,000 of them; beyond them the oldest is forgotten.
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
        let media_id = random::text(64);
        self.state().media.add(appid, &media_id, now);
        media_id
    }
}
