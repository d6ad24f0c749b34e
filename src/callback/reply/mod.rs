//! Passive replies to pushes. Source: 被动回复用户消息.

mod document;
mod kind;
mod media;
pub(crate) mod response;
pub(crate) mod writer;

pub(crate) use self::kind::Kind;
pub use self::media::{Article, Music, Video};

use self::kind::ReadyDocument;

use serde::{Deserialize, Serialize};

use crate::callback::document::{Author, Document, Limits};
use crate::callback::reply::writer::is_legal;
use crate::callback::{Format, IntoReply, ParseError};
use crate::error::BoxError;
use crate::text;

/// A passive reply to a push. The user sees it at once.
///
/// A reply that the platform cannot show would make it tell the user that the account is out of
/// service. A reply whose text or MediaId is empty is therefore sent as [`Reply::none`]. Characters
/// that are illegal in XML are removed, and a text that is too long is cut.
///
/// ```
/// use tower_wechat::Reply;
/// use tower_wechat::callback::{Article, Video};
///
/// let reply = Reply::text("hello");
/// assert_eq!(reply.clone(), reply);
/// let video = Reply::video(Video::new("MEDIA_ID").title("A walk"));
/// let news = Reply::news([Article::new("News of today", "https://example.com/today")]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reply(Kind);

impl Reply {
    /// The maximum length of a reply's text, in bytes.
    pub const MAX_TEXT: usize = 2048;

    /// The maximum number of articles in a news reply.
    pub const MAX_ARTICLES: usize = 8;

    /// Creates an empty reply: the body is `success`, which the platform accepts. Use it for pushes
    /// that need no answer, or that are answered later with a customer-service message.
    pub fn none() -> Self {
        Self(Kind::None)
    }

    /// 回复文本消息: a text of up to [`MAX_TEXT`](Self::MAX_TEXT) bytes. `\n` breaks the line.
    ///
    /// A longer text is cut where [`split_text`](Self::split_text) cuts, with a warning in the log:
    /// with an error, the user would see none of it. Use `split_text` to keep the whole text.
    pub fn text(content: impl Into<String>) -> Self {
        Self(Kind::Text(content.into()))
    }

    /// Splits a text into a reply and the rest, if there is one. The rest can be sent as
    /// customer-service messages
    /// ([`split_text`](crate::api::customer_service::SendCustomerServiceMessage::split_text)).
    ///
    /// The first part ends at the end of a line, a sentence or a word if that leaves it more than
    /// half full. The two parts joined are the original text.
    ///
    /// ```
    /// use tower_wechat::Reply;
    ///
    /// let (reply, rest) = Reply::split_text("十".repeat(1000));
    /// assert_eq!(reply, Reply::text("十".repeat(682)));
    /// assert_eq!(rest, Some("十".repeat(318)));
    /// assert_eq!(Reply::split_text("short"), (Reply::text("short"), None));
    /// ```
    pub fn split_text(content: impl Into<String>) -> (Self, Option<String>) {
        let mut content = content.into();
        let (head, _) = text::split(&content, Self::MAX_TEXT, usize::MAX);
        let rest = content.split_off(head.len());
        (
            Self::text(content),
            Some(rest).filter(|rest| !rest.is_empty()),
        )
    }

    /// 回复图片消息: an image, given by its MediaId (temporary or permanent).
    pub fn image(media_id: impl Into<String>) -> Self {
        Self(Kind::Image(media_id.into()))
    }

    /// 回复语音消息: a voice recording, given by its MediaId (temporary or permanent).
    pub fn voice(media_id: impl Into<String>) -> Self {
        Self(Kind::Voice(media_id.into()))
    }

    /// 回复视频消息: a video, given by its MediaId, or as a [`Video`] with a title.
    pub fn video(video: impl Into<Video>) -> Self {
        Self(Kind::Video(Box::new(video.into())))
    }

    /// 回复音乐消息: a piece of music, given by its picture's MediaId, or as a [`Music`].
    pub fn music(music: impl Into<Music>) -> Self {
        Self(Kind::Music(Box::new(music.into())))
    }

    /// 回复图文消息: cards that link to pages. The platform shows one card in reply to a text, an
    /// image, a voice recording, a video, a location or a link, and up to eight in reply to other
    /// pushes. Further cards are not sent.
    pub fn news(articles: impl IntoIterator<Item = Article>) -> Self {
        let articles = articles.into_iter().take(Self::MAX_ARTICLES);
        Self(Kind::News(articles.collect()))
    }

    /// 将消息转发到客服: transfers the message to customer service. Only valid for messages.
    pub fn transfer_customer_service() -> Self {
        Self(Kind::CustomerService(None))
    }

    /// Transfers the message to one customer-service account, such as `name@wxid`. If the account
    /// is offline, the message waits for it.
    pub fn transfer_customer_service_to(kf_account: impl Into<String>) -> Self {
        Self(Kind::CustomerService(Some(kf_account.into())))
    }

    /// Creates the acknowledgement object that some events require:
    /// `{"ErrCode":0,"ErrMsg":"success"}`, in XML for an XML push.
    ///
    /// It is required by the delivery pushes of virtual payment: `xpay_goods_deliver_notify`,
    /// `xpay_refund_notify` and their mini-game variants. After any other answer, including
    /// `success`, the platform retries the push, up to 15 times in 24 hours. A code other than 0
    /// requests such a retry. Source: 虚拟支付 (`xpay_goods_deliver_notify`).
    ///
    /// ```
    /// use tower_wechat::{Message, Reply};
    ///
    /// async fn on_message(message: Message) -> Reply {
    ///     if message.is_event("xpay_goods_deliver_notify") {
    ///         // … hand the goods over, and then:
    ///         return Reply::acknowledged(0, "success");
    ///     }
    ///     Reply::none()
    /// }
    /// ```
    pub fn acknowledged(err_code: i64, err_msg: impl Into<String>) -> Self {
        let err_msg = err_msg.into();
        Self(Kind::Acknowledged { err_code, err_msg })
    }

    /// Creates a reply from a complete document, XML or JSON. Use it for reply types that this
    /// crate does not support.
    ///
    /// The document is sent unchanged, and encrypted if the mode requires it. If it is not in the
    /// [format](crate::Message::format) of the push, `success` is sent instead, with a warning in
    /// the log.
    ///
    /// ```
    /// use tower_wechat::callback::ParseError;
    /// use tower_wechat::{Message, Reply};
    ///
    /// fn to_the_assistant(message: &Message) -> Result<Reply, ParseError> {
    ///     Reply::raw(format!(
    ///         "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName>\
    ///          <CreateTime>{}</CreateTime><MsgType>transfer_biz_ai_ivr</MsgType></xml>",
    ///         message.from_user_name(),
    ///         message.to_user_name(),
    ///         message.create_time().unwrap_or_default(),
    ///     ))
    /// }
    /// assert!(Reply::raw("<xml>").is_err());
    /// ```
    ///
    /// # Errors
    /// Returns a [`ParseError`] if the text is not one well-formed document.
    pub fn raw(document: impl Into<String>) -> Result<Self, ParseError> {
        let text = document.into();
        let document = Document::parse_within(text.clone().into(), Limits::MOST, Author::Host)?;
        Ok(Self(Kind::Document(ReadyDocument::of(&document, text))))
    }

    /// Creates a reply from another service's document for the same push. It is sent unchanged.
    pub(crate) fn ready(document: &Document) -> Self {
        Self(Kind::Document(ReadyDocument::of(
            document,
            document.raw().to_owned(),
        )))
    }

    /// Returns whether this is [`Reply::none`].
    pub fn is_none(&self) -> bool {
        matches!(self.0, Kind::None)
    }

    /// Returns the text, if this is a text reply.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Kind::Text(content) => Some(content),
            _ => None,
        }
    }

    /// Returns the MediaId of the image, the voice recording, the video or the music's picture.
    pub fn media_id(&self) -> Option<&str> {
        match &self.0 {
            Kind::Image(id) | Kind::Voice(id) => Some(id),
            Kind::Video(video) => Some(&video.media_id),
            Kind::Music(music) => Some(&music.thumb_media_id),
            _ => None,
        }
    }

    /// Returns the articles; empty if this is not [`Reply::news`].
    pub fn articles(&self) -> &[Article] {
        match &self.0 {
            Kind::News(articles) => articles,
            _ => &[],
        }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    /// Whether the user would see nothing, or the platform would refuse it.
    pub(crate) fn is_empty(&self) -> bool {
        let required = match &self.0 {
            Kind::None => return true,
            Kind::Text(required) | Kind::Image(required) | Kind::Voice(required) => required,
            Kind::Video(video) => &video.media_id,
            Kind::Music(music) => &music.thumb_media_id,
            Kind::News(articles) => return articles.is_empty(),
            Kind::CustomerService(_) | Kind::Document(_) | Kind::Acknowledged { .. } => {
                return false;
            }
        };
        !required.chars().any(is_legal)
    }

    /// Whether the platform sends the push again after this reply, so that it is handled again.
    pub(crate) fn asks_for_retry(&self) -> bool {
        matches!(self.0, Kind::Acknowledged { err_code, .. } if err_code != 0)
    }

    /// Whether a mini-program may send this reply.
    pub(crate) fn suits_mini_program(&self) -> bool {
        match &self.0 {
            Kind::None | Kind::CustomerService(_) | Kind::Acknowledged { .. } => true,
            Kind::Document(document) => !document.shown,
            _ => false,
        }
    }

    /// Whether the reply can answer a push of this format.
    pub(crate) fn suits(&self, format: Format) -> bool {
        match &self.0 {
            Kind::Document(document) => document.json == (format == Format::Json),
            _ => true,
        }
    }
}

impl From<&str> for Reply {
    fn from(content: &str) -> Self {
        Self::text(content)
    }
}

impl From<String> for Reply {
    fn from(content: String) -> Self {
        Self::text(content)
    }
}

impl IntoReply for Reply {
    fn into_reply(self) -> Result<Reply, BoxError> {
        Ok(self)
    }
}
