//! Passive replies to pushes. Source: 被动回复用户消息.

mod media;
pub(crate) mod response;
pub(crate) mod writer;

pub use self::media::{Article, Music, Video};

use serde::{Deserialize, Serialize};

use crate::callback::document::{Author, Document, Limits};
use crate::callback::reply::writer::{Writer, is_legal, legal, name};
use crate::callback::{Format, IntoReply, Message, ParseError};
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

/// The content of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    None,
    Text(String),
    Image(String),
    Voice(String),
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
    text: String,
    json: bool,
    /// Whether the user sees content from it.
    shown: bool,
}

impl ReadyDocument {
    fn of(document: &Document, text: String) -> Self {
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

    /// 回复图文消息: cards that link to pages. The platform shows one card in reply to a text, an image,
    /// a voice recording, a video, a location or a link, and up to eight in reply to other pushes.
    /// Further cards are not sent.
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
    /// [format](Message::format) of the push, `success` is sent instead, with a warning in the log.
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

    /// Writes the document that answers `message` at the Unix time `now`, after the prefix `front`.
    /// Returns `None` if the answer is `success`.
    pub(crate) fn document(&self, message: &Message, now: u64, front: &str) -> Option<String> {
        match &self.0 {
            Kind::Document(document) => return Some([front, &document.text].concat()),
            Kind::Acknowledged { err_code, err_msg } => {
                let mut writer = Writer::new(message.format(), front, 96 + err_msg.len());
                writer.integer(name!("ErrCode"), *err_code);
                writer.text(name!("ErrMsg"), err_msg);
                return Some(writer.finish());
            }
            _ => {}
        }
        let parts = [message.from_user_name(), message.to_user_name()];
        if self.is_empty() || parts.iter().any(|name| name.is_empty()) {
            return None;
        }
        let [to, from] = parts;
        let mut writer = Writer::new(message.format(), front, 320 + self.size());
        writer.text(name!("ToUserName"), to);
        writer.text(name!("FromUserName"), from);
        writer.number(name!("CreateTime"), now);
        writer.plain(name!("MsgType"), self.msg_type());
        self.write(&mut writer, message);
        Some(writer.finish())
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

    /// Estimates the length of the content, in bytes.
    fn size(&self) -> usize {
        match &self.0 {
            Kind::Text(content) => content.len(),
            Kind::Document(document) => document.text.len(),
            Kind::News(articles) => 512 * articles.len(),
            Kind::Video(_) | Kind::Music(_) => 512,
            Kind::None
            | Kind::Image(_)
            | Kind::Voice(_)
            | Kind::CustomerService(_)
            | Kind::Acknowledged { .. } => 128,
        }
    }

    fn msg_type(&self) -> &'static str {
        match self.0 {
            Kind::None | Kind::Document(_) | Kind::Acknowledged { .. } => "",
            Kind::Text(_) => "text",
            Kind::Image(_) => "image",
            Kind::Voice(_) => "voice",
            Kind::Video(_) => "video",
            Kind::Music(_) => "music",
            Kind::News(_) => "news",
            Kind::CustomerService(_) => "transfer_customer_service",
        }
    }

    fn write(&self, writer: &mut Writer, message: &Message) {
        match &self.0 {
            Kind::None
            | Kind::CustomerService(None)
            | Kind::Document(_)
            | Kind::Acknowledged { .. } => {}
            Kind::Text(content) => {
                let content = legal(content);
                let (shown, _) = text::split(&content, Self::MAX_TEXT, usize::MAX);
                let bytes = content.len();
                if shown.len() < bytes {
                    let (appid, limit) = (message.appid(), Self::MAX_TEXT);
                    tracing::warn!(%appid, bytes, limit, "cut a reply text that is too long");
                }
                writer.text(name!("Content"), shown);
            }
            Kind::Image(id) => {
                writer.object(name!("Image"), |writer| writer.text(name!("MediaId"), id))
            }
            Kind::Voice(id) => {
                writer.object(name!("Voice"), |writer| writer.text(name!("MediaId"), id))
            }
            Kind::Video(video) => writer.object(name!("Video"), |writer| video.write(writer)),
            Kind::Music(music) => writer.object(name!("Music"), |writer| music.write(writer)),
            Kind::News(articles) => {
                let shown = articles.iter().take(max_articles(message));
                let count = u32::try_from(shown.len()).unwrap_or_default();
                writer.number(name!("ArticleCount"), count);
                writer.list(name!("Articles"), shown, |writer, article| {
                    article.write(writer)
                });
            }
            Kind::CustomerService(Some(account)) => {
                writer.object(name!("TransInfo"), |writer| {
                    writer.text(name!("KfAccount"), account)
                });
            }
        }
    }
}

/// Returns how many articles the platform shows in reply to `message`.
fn max_articles(message: &Message) -> usize {
    match message.msg_type() {
        "text" | "image" | "voice" | "video" | "shortvideo" | "location" | "link" => 1,
        _ => Reply::MAX_ARTICLES,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppId;
    use crate::callback::document::Document;
    use proptest::prelude::*;

    fn message(msg_type: &str) -> Message {
        let text = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <MsgType>{msg_type}</MsgType></xml>"
        );
        Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
    }

    fn json() -> Message {
        let text = r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"event"}"#;
        Message::parse(AppId::new("wx1").unwrap(), text.into()).unwrap()
    }

    fn content(reply: &Reply, message: &Message) -> String {
        let document = reply.document(message, 7, "").unwrap();
        let head = match document.starts_with('<') {
            true => {
                "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]>\
                 </FromUserName><CreateTime>7</CreateTime><MsgType><![CDATA["
            }
            false => r#"{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":7,"MsgType":""#,
        };
        document
            .strip_prefix(head)
            .unwrap()
            .replace("<![CDATA[", "")
            .replace("]]>", "")
    }

    #[test]
    fn every_kind_has_its_document() {
        let music = Music::new("T")
            .title("t")
            .description("d")
            .music_url("u")
            .hq_music_url("h");
        for (reply, document) in [
            (
                Reply::text("hi"),
                "text</MsgType><Content>hi</Content></xml>",
            ),
            (
                Reply::image("M"),
                "image</MsgType><Image><MediaId>M</MediaId></Image></xml>",
            ),
            (
                Reply::voice("M"),
                "voice</MsgType><Voice><MediaId>M</MediaId></Voice></xml>",
            ),
            (
                Reply::video("M"),
                "video</MsgType><Video><MediaId>M</MediaId></Video></xml>",
            ),
            (
                Reply::video(Video::new("M").title("t").description("d")),
                "video</MsgType><Video><MediaId>M</MediaId><Title>t</Title>\
                 <Description>d</Description></Video></xml>",
            ),
            (
                Reply::music(music),
                "music</MsgType><Music><Title>t</Title><Description>d</Description>\
                 <MusicUrl>u</MusicUrl><HQMusicUrl>h</HQMusicUrl><ThumbMediaId>T</ThumbMediaId>\
                 </Music></xml>",
            ),
            (
                Reply::news([Article::new("t", "u").description("d").pic_url("p")]),
                "news</MsgType><ArticleCount>1</ArticleCount><Articles><item><Title>t</Title>\
                 <Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item></Articles></xml>",
            ),
            (
                Reply::transfer_customer_service(),
                "transfer_customer_service</MsgType></xml>",
            ),
            (
                Reply::transfer_customer_service_to("a@b"),
                "transfer_customer_service</MsgType><TransInfo><KfAccount>a@b</KfAccount>\
                 </TransInfo></xml>",
            ),
        ] {
            assert_eq!(content(&reply, &message("text")), document);
        }
    }

    #[test]
    fn a_json_push_gets_a_json_document() {
        assert_eq!(
            content(&Reply::text("a\"b"), &json()),
            r#"text","Content":"a\"b"}"#
        );
        let news = Reply::news([Article::new("t", "u"), Article::new("t", "v")]);
        let articles = r#"news","ArticleCount":2,"Articles":[{"Title":"t","Description":"","#;
        assert!(content(&news, &json()).starts_with(articles));
    }

    #[test]
    fn what_the_platform_cannot_show_is_success() {
        for reply in [
            Reply::none(),
            Reply::text(""),
            Reply::text("\u{1}"),
            Reply::image(""),
            Reply::voice(""),
            Reply::video(""),
            Reply::music(""),
            Reply::news([]),
        ] {
            assert_eq!(reply.document(&message("text"), 7, ""), None, "{reply:?}");
        }
        let nobody = Message::parse(AppId::new("wx1").unwrap(), "<xml/>".into()).unwrap();
        assert_eq!(Reply::text("hi").document(&nobody, 7, ""), None);
    }

    #[test]
    fn articles_beyond_what_is_shown_are_not_sent() {
        let articles = (0..10).map(|index| Article::new(index.to_string(), "u"));
        let news = Reply::news(articles);
        assert!(content(&news, &message("text")).contains("<ArticleCount>1<"));
        let event = content(&news, &message("event"));
        assert!(event.contains("<ArticleCount>8<"));
        assert_eq!(event.matches("<item>").count(), 8);
    }

    proptest! {
        #[test]
        fn text_is_read_back_as_it_was_written(text in ".+") {
            for message in [message("text"), json()] {
                match Reply::text(&*text).document(&message, 7, "") {
                    None => prop_assert!(legal(&text).is_empty()),
                    Some(document) => {
                        let document = Document::parse(document).unwrap();
                        let content = document.fields().find(|field| field.name() == "Content");
                        prop_assert_eq!(content.unwrap().text(), legal(&text));
                    }
                }
            }
        }
    }
}
