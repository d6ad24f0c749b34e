//! Released pages.

use std::collections::{BTreeSet, HashMap};

use crate::app::AppId;

/// The page that every app has released.
pub(super) const HOME: &str = "pages/index/index";

/// The maximum number of pages of an app.
const PAGES_MAX: usize = 10_000;

/// The released pages of each app besides [`HOME`].
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Pages(HashMap<AppId, BTreeSet<String>>);

impl Pages {
    pub(super) fn has_released(&self, appid: &AppId, page: &str) -> bool {
        let more = self.0.get(appid);
        page == HOME || more.is_some_and(|pages| pages.contains(page))
    }

    /// Releases a page. Ignored if the app has too many.
    pub(in crate::sandbox) fn release(&mut self, appid: &AppId, page: String) {
        let pages = self.0.entry(appid.clone()).or_default();
        if pages.len() < PAGES_MAX {
            pages.insert(page);
        }
    }
}
