//! Video and music messages.

use serde::Serialize;

use crate::api::limit;
use crate::error::Error;

/// A video to send.
#[derive(Debug, Clone, Serialize)]
pub struct Video {
    media_id: String,
    thumb_media_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Video {
    /// Creates a video from its MediaId and the MediaId of its thumbnail.
    pub fn new(media_id: impl Into<String>, thumb_media_id: impl Into<String>) -> Self {
        Self {
            media_id: media_id.into(),
            thumb_media_id: thumb_media_id.into(),
            title: None,
            description: None,
        }
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        limit::given("media_id", &self.media_id)?;
        limit::given("thumb_media_id", &self.thumb_media_id)
    }
}

/// Music to send.
#[derive(Debug, Clone, Serialize)]
pub struct Music {
    musicurl: String,
    hqmusicurl: String,
    thumb_media_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Music {
    /// Creates music from its URL and the MediaId of its thumbnail. The same URL is used on Wi-Fi,
    /// unless [`hq_music_url`](Self::hq_music_url) sets another one.
    pub fn new(music_url: impl Into<String>, thumb_media_id: impl Into<String>) -> Self {
        let musicurl = music_url.into();
        Self {
            hqmusicurl: musicurl.clone(),
            musicurl,
            thumb_media_id: thumb_media_id.into(),
            title: None,
            description: None,
        }
    }

    /// Sets the URL of the high-quality version, which is used on Wi-Fi. Defaults to the URL of the
    /// music.
    #[must_use]
    pub fn hq_music_url(mut self, url: impl Into<String>) -> Self {
        self.hqmusicurl = url.into();
        self
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        limit::given("musicurl", &self.musicurl)?;
        limit::given("hqmusicurl", &self.hqmusicurl)?;
        limit::given("thumb_media_id", &self.thumb_media_id)
    }
}
