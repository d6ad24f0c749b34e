//! The watermark in user data, which names the app that it was read for.

use serde::{Deserialize, Serialize};

use crate::api::lenient;
use crate::app::AppId;

/// The app that the platform read user data for, and the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Watermark {
    /// The time, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub timestamp: u64,
    /// The mini-program's appid. The calls of this crate reject data of another app.
    #[serde(deserialize_with = "lenient::required")]
    pub appid: String,
}

impl Watermark {
    pub(super) fn is_of(&self, appid: &AppId) -> bool {
        self.appid == appid.as_str()
    }
}
