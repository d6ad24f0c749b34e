//! The content of a message, by its kind.

use serde::Serialize;

use super::{
    Article, Link, MiniProgramPage, MsgMenu, Music, SendCustomerServiceMessage, Video, card,
};
use crate::api::limit;
use crate::error::Error;

/// The content of a message. The variant's name is the field that holds it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Content {
    Text { content: String },
    Image { media_id: String },
    Voice { media_id: String },
    Video(Video),
    Music(Music),
    News { articles: [Article; 1] },
    MpNews { media_id: String },
    MpNewsArticle { article_id: String },
    MsgMenu(MsgMenu),
    WxCard { card_id: String },
    MiniProgramPage(MiniProgramPage),
    Link(Link),
}

impl Content {
    pub(super) fn msgtype(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video(_) => "video",
            Self::Music(_) => "music",
            Self::News { .. } => "news",
            Self::MpNews { .. } => "mpnews",
            Self::MpNewsArticle { .. } => "mpnewsarticle",
            Self::MsgMenu(_) => "msgmenu",
            Self::WxCard { .. } => "wxcard",
            Self::MiniProgramPage(_) => "miniprogrampage",
            Self::Link(_) => "link",
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Text { content } => {
                limit::bytes("content", content, 1..=SendCustomerServiceMessage::MAX_TEXT)
            }
            Self::Image { media_id } | Self::Voice { media_id } | Self::MpNews { media_id } => {
                limit::given("media_id", media_id)
            }
            Self::Video(video) => video.check(),
            Self::Music(music) => music.check(),
            Self::News {
                articles: [article],
            } => card::check(article),
            Self::MpNewsArticle { article_id } => limit::given("article_id", article_id),
            Self::MsgMenu(menu) => menu.check(),
            Self::WxCard { card_id } => limit::given("card_id", card_id),
            Self::MiniProgramPage(page) => page.check(),
            Self::Link(link) => link.check(),
        }
    }
}
