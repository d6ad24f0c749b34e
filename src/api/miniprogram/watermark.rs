//! The mark by which the platform says for whom it read a user's data.

use serde::{Deserialize, Serialize};

use crate::api::lenient;
use crate::app::AppId;

/// For whom the platform read data, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Watermark {
    /// When, in Unix seconds.
    #[serde(default, deserialize_with = "lenient::number")]
    pub timestamp: u64,
    /// The mini-program. The calls of this crate refuse data of another one.
    #[serde(deserialize_with = "lenient::required")]
    pub appid: String,
}

impl Watermark {
    pub(super) fn is_of(&self, appid: &AppId) -> bool {
        self.appid == appid.as_str()
    }
}
