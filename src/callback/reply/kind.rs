//! The content of a reply.

use serde::{Deserialize, Serialize};

use super::media::{Article, Music, Video};
use crate::callback::Format;
use crate::callback::document::Document;

/// The content of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    None,
    Text(String),
    Image(String),
    Voice(String),
    // Boxed, so that the frequent kinds stay small.
    Video(Box<Video>),
    Music(Box<Music>),
    News(Vec<Article>),
    CustomerService(Option<String>),
    Acknowledged {
        err_code: i64,
        err_msg: String,
    },
    /// A complete document from the application or from another service.
    Document(ReadyDocument),
}

/// A complete document, sent unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReadyDocument {
    pub(super) text: String,
    pub(super) json: bool,
    /// Whether the user sees content from it.
    pub(super) shown: bool,
}

impl ReadyDocument {
    pub(super) fn of(document: &Document, text: String) -> Self {
        let msg_type = document.field("MsgType").unwrap_or_default();
        Self {
            text,
            json: document.format() == Format::Json,
            shown: matches!(
                msg_type,
                "text" | "image" | "voice" | "video" | "music" | "news"
            ),
        }
    }
}
