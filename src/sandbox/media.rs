//! The temporary materials of apps: images, voice recordings and videos.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use crate::app::AppId;

/// How long a MediaId is valid.
const LIFE: Duration = Duration::from_secs(3 * 24 * 3600);

/// The maximum number of MediaIds. The oldest is dropped beyond that.
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
