//! The content of replies with more than a text or a MediaId. Source: 被动回复用户消息.

use serde::{Deserialize, Serialize};

use crate::callback::reply::writer::{Writer, name};

/// A video to reply with. It must have passed the platform's review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    pub(crate) media_id: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
}

impl Video {
    /// Creates a video from its MediaId, temporary or permanent.
    pub fn new(media_id: impl Into<String>) -> Self {
        Self {
            media_id: media_id.into(),
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

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.text(name!("MediaId"), &self.media_id);
        writer.optional(name!("Title"), self.title.as_deref());
        writer.optional(name!("Description"), self.description.as_deref());
    }
}

impl<T: Into<String>> From<T> for Video {
    fn from(media_id: T) -> Self {
        Self::new(media_id)
    }
}

/// A piece of music to reply with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Music {
    pub(crate) thumb_media_id: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) music_url: Option<String>,
    pub(crate) hq_music_url: Option<String>,
}

impl Music {
    /// Creates a piece of music from its picture's MediaId, which the platform requires.
    pub fn new(thumb_media_id: impl Into<String>) -> Self {
        Self {
            thumb_media_id: thumb_media_id.into(),
            title: None,
            description: None,
            music_url: None,
            hq_music_url: None,
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

    /// Sets the URL of the music.
    #[must_use]
    pub fn music_url(mut self, url: impl Into<String>) -> Self {
        self.music_url = Some(url.into());
        self
    }

    /// Sets the URL of a high-quality version, which is used on Wi-Fi.
    #[must_use]
    pub fn hq_music_url(mut self, url: impl Into<String>) -> Self {
        self.hq_music_url = Some(url.into());
        self
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.optional(name!("Title"), self.title.as_deref());
        writer.optional(name!("Description"), self.description.as_deref());
        writer.optional(name!("MusicUrl"), self.music_url.as_deref());
        writer.optional(name!("HQMusicUrl"), self.hq_music_url.as_deref());
        writer.text(name!("ThumbMediaId"), &self.thumb_media_id);
    }
}

impl<T: Into<String>> From<T> for Music {
    fn from(thumb_media_id: T) -> Self {
        Self::new(thumb_media_id)
    }
}

/// A card (图文消息) that links to a page, for a news reply or a customer-service message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) url: String,
    #[serde(rename = "picurl")]
    pub(crate) pic_url: String,
}

impl Article {
    /// Creates a card that links to `url`.
    pub fn new(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            url: url.into(),
            pic_url: String::new(),
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the URL of the picture, JPG or PNG. In a reply, the recommended size is 360 × 200
    /// pixels for the first card and 200 × 200 for the others. In a customer-service message, it is
    /// 640 × 320, or 80 × 80 for a small picture.
    #[must_use]
    pub fn pic_url(mut self, url: impl Into<String>) -> Self {
        self.pic_url = url.into();
        self
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.text(name!("Title"), &self.title);
        writer.text(name!("Description"), &self.description);
        writer.text(name!("PicUrl"), &self.pic_url);
        writer.text(name!("Url"), &self.url);
    }
}
