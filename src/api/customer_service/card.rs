//! Cards that open a page.

use serde::Serialize;

use crate::api::limit;
use crate::app::AppId;
use crate::callback::Article;
use crate::error::Error;

pub(super) fn check(article: &Article) -> Result<(), Error> {
    limit::given("title", &article.title)?;
    limit::given("url", &article.url)
}

/// A card that opens a page of a mini-program (小程序卡片).
#[derive(Debug, Clone, Serialize)]
pub struct MiniProgramPage {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    appid: Option<AppId>,
    pagepath: String,
    thumb_media_id: String,
}

impl MiniProgramPage {
    /// Creates a card that opens `pagepath`, a path in `app.json` such as
    /// `pages/index/index?foo=bar`. It can have a query.
    ///
    /// `thumb_media_id` is the MediaId of the card's picture, ideally 520 × 416 pixels.
    pub fn new(
        title: impl Into<String>,
        pagepath: impl Into<String>,
        thumb_media_id: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            appid: None,
            pagepath: pagepath.into(),
            thumb_media_id: thumb_media_id.into(),
        }
    }

    /// Sets the mini-program that is opened. It must be linked to the account.
    ///
    /// An official account must set it. A mini-program must not: it opens its own page.
    #[must_use]
    pub fn appid(mut self, appid: AppId) -> Self {
        self.appid = Some(appid);
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        limit::given("title", &self.title)?;
        limit::given("pagepath", &self.pagepath)?;
        limit::given("thumb_media_id", &self.thumb_media_id)
    }
}

/// A card (图文链接) that opens a web page. For mini-programs only: official accounts send an
/// [`Article`].
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    title: String,
    description: String,
    url: String,
    thumb_url: String,
}

impl Link {
    /// Creates a card that opens `url`.
    pub fn new(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            url: url.into(),
            thumb_url: String::new(),
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the URL of the picture: JPG or PNG, ideally 640 × 320 pixels, or 80 × 80 for a small
    /// one.
    #[must_use]
    pub fn thumb_url(mut self, url: impl Into<String>) -> Self {
        self.thumb_url = url.into();
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        limit::given("title", &self.title)?;
        limit::given("url", &self.url)
    }
}
