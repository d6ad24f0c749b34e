//! The pictures, recordings and videos that apps have.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use super::{Sandbox, random};
use crate::app::AppId;
use crate::clock::Clock;

/// How long a MediaId works.
const LIFE: Duration = Duration::from_secs(3 * 24 * 3600);

/// The most MediaIds at a time: beyond them the oldest is forgotten.
const MEDIA_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Media {
    ends: HashMap<(AppId, String), SystemTime>,
    order: VecDeque<(AppId, String)>,
}

impl Media {
    pub(super) fn add(&mut self, appid: &AppId, media_id: &str, now: SystemTime) {
        let key = (appid.clone(), media_id.to_owned());
        if self.ends.insert(key.clone(), now + LIFE).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MEDIA_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ends.remove(&oldest);
        }
    }

    pub(super) fn has(&self, appid: &AppId, media_id: &str, now: SystemTime) -> bool {
        let end = self.ends.get(&(appid.clone(), media_id.to_owned()));
        end.is_some_and(|end| *end > now)
    }
}

impl Sandbox {
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
