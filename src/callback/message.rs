//! A pushed message or event.

use std::fmt;

use bytes::Bytes;

use crate::app::AppId;
use crate::callback::Event;
use crate::callback::dedup::DedupKey;
use crate::callback::document::{Author, Document, Fields, Format, Limits, ParseError};
use crate::callback::verify::replay::Delivery;

/// A push, decrypted and parsed: a message from a user, or an event.
///
/// A message is cheap to clone and contains neither key nor token. It shares the request buffer:
/// copy a field to keep it without the buffer.
///
/// Fields without an accessor are available by name:
///
/// ```
/// use tower_wechat::{AppId, Event, Message};
///
/// let text = "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
///     <FromUserName><![CDATA[oTEST_user_0001]]></FromUserName><CreateTime>1767225600</CreateTime>\
///     <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content>\
///     <MsgId>25000000000000001</MsgId></xml>";
/// let message = Message::parse(AppId::new("wx3cc8fd6963e31a32")?, text.to_owned()).unwrap();
///
/// assert_eq!(message.from_user_name(), "oTEST_user_0001");
/// assert_eq!(message.msg_id_u64(), Some(25000000000000001));
/// assert_eq!(message.field("Content"), Some("hello"));
/// assert!(matches!(message.event(), Event::Text(text) if text.content() == "hello"));
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct Message {
    appid: AppId,
    document: Document,
    delivery: Delivery,
    of_mini_program: bool,
}

impl Message {
    /// Parses a document that was pushed to `appid`. The first character decides whether it is XML
    /// or JSON. No field is required.
    ///
    /// # Errors
    /// Returns a [`ParseError`] if the text is not a document of the platform.
    pub fn parse(appid: AppId, text: String) -> Result<Self, ParseError> {
        Document::parse(text).map(|document| Self::new(appid, document))
    }

    /// Parses a document from bytes, for example those from [`raw_bytes`](Self::raw_bytes).
    ///
    /// This allows to queue a message and to parse it again later. Invalid UTF-8 is read as U+FFFD.
    /// The nesting depth is limited, and a document has at most 1 MiB, independent of the
    /// callback's limits.
    ///
    /// # Errors
    /// Returns a [`ParseError`] if the bytes are not a document of the platform.
    pub fn parse_bytes(appid: AppId, document: impl Into<Bytes>) -> Result<Self, ParseError> {
        let document = Document::parse_within(document.into(), Limits::MOST, Author::Platform);
        document.map(|document| Self::new(appid, document))
    }

    /// Parses a reply. None of its texts were written by a user.
    pub(crate) fn of_host(appid: AppId, text: String) -> Result<Self, ParseError> {
        let document = Document::parse_within(text.into(), Limits::DEFAULT, Author::Host);
        document.map(|document| Self::new(appid, document))
    }

    pub(crate) fn new(appid: AppId, document: Document) -> Self {
        Self {
            appid,
            document,
            delivery: Delivery::Parsed,
            of_mini_program: false,
        }
    }

    /// Marks whether the app is a mini-program, according to the callback's keys.
    pub(crate) fn of_mini_program(mut self, is: bool) -> Self {
        self.of_mini_program = is;
        self
    }

    /// Whether the user sees any kind of reply. The only passive reply of a mini-program is the
    /// transfer to customer service.
    pub(crate) fn shows_replies(&self) -> bool {
        !self.of_mini_program
    }

    /// Whether a user has just sent this and expects an answer: a message or a tap on the menu.
    pub(crate) fn is_written(&self) -> bool {
        match self.msg_type() {
            "text" | "image" | "voice" | "video" | "shortvideo" | "location" | "link" | "file"
            | "miniprogrampage" => true,
            _ => self.is_event("CLICK"),
        }
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// How the message reached the handler.
    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the app that the message was pushed to.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// Returns the app's original id, such as `gh_0a1b2c3d4e5f`. Empty if absent.
    pub fn to_user_name(&self) -> &str {
        self.text("ToUserName")
    }

    /// Returns the sender's openid. Empty if absent.
    pub fn from_user_name(&self) -> &str {
        self.text("FromUserName")
    }

    /// Returns when the message was created, in seconds since the Unix epoch.
    pub fn create_time(&self) -> Option<u64> {
        self.number("CreateTime")
    }

    /// Returns the message type, such as `text` or `event`. Empty if absent.
    pub fn msg_type(&self) -> &str {
        self.text("MsgType")
    }

    /// Returns the id of a user's message. Events have none. The platform's retries of a message
    /// have the same id.
    pub fn msg_id(&self) -> Option<&str> {
        self.value("MsgId")
    }

    /// Returns the id as a number. Nearly all ids are numbers.
    pub fn msg_id_u64(&self) -> Option<u64> {
        self.number("MsgId")
    }

    /// Returns the id of the article on whose page the user wrote the message, if any.
    pub fn msg_data_id(&self) -> Option<&str> {
        self.value("MsgDataId")
    }

    /// Returns the position of that article in its post, counted from 1.
    pub fn idx(&self) -> Option<u32> {
        self.number("Idx")
    }

    /// Returns the business (子商户) that the user writes to. For a mini-program whose customer
    /// service is shared by several businesses.
    pub fn business_id(&self) -> Option<&str> {
        self.value("BusinessId")
    }

    /// Returns the event name as received; `None` for a message. The platform's capitalisation is
    /// irregular: match on [`event`](Self::event), or compare with [`is_event`](Self::is_event).
    pub fn event_name(&self) -> Option<&str> {
        self.value("Event")
    }

    /// Returns whether this is the event `name`, ignoring ASCII case.
    pub fn is_event(&self, name: &str) -> bool {
        let is = |event: &str| event.eq_ignore_ascii_case(name);
        self.msg_type() == "event" && self.event_name().is_some_and(is)
    }

    /// Returns the event key, such as a scene, the key of a menu entry, or a page. `None` if it is
    /// absent or empty.
    pub fn event_key(&self) -> Option<&str> {
        self.value("EventKey")
    }

    /// Returns the text of the first field with exactly this name. `Some("")` if it is empty, which
    /// the platform often sends for "no value"; `None` if it is absent.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.document.field(name)
    }

    /// Returns all fields in document order.
    pub fn fields(&self) -> Fields<'_> {
        self.document.fields()
    }

    /// Returns the document as received, after decryption. Invalid UTF-8 is replaced by U+FFFD.
    pub fn raw(&self) -> &str {
        self.document.raw()
    }

    /// Returns the bytes of the document as received, after decryption.
    pub fn raw_bytes(&self) -> &[u8] {
        self.document.received()
    }

    /// Returns whether the texts written by the user can be delimited in more than one way.
    ///
    /// The platform does not escape what a user typed. When a push has several such fields in a
    /// row, such as a link with its title and description, one text may contain everything between
    /// two fields. The text is then cut at the first possible place, and fields of the platform
    /// between two of the user's fields are omitted. Fields before and after them always come from
    /// the platform.
    pub fn is_ambiguous(&self) -> bool {
        self.document.is_ambiguous()
    }

    /// Returns the format of the document. A reply uses the same format.
    pub fn format(&self) -> Format {
        self.document.format()
    }

    /// Returns the number of this try, counted from 1. It is above 1 for a message that is run again
    /// by an [inbox](crate::callback::inbox).
    #[cfg(feature = "inbox")]
    #[cfg_attr(docsrs, doc(cfg(feature = "inbox")))]
    pub fn attempt(&self) -> u32 {
        match self.delivery {
            Delivery::Stored { attempt } => attempt,
            _ => 1,
        }
    }

    /// Returns what the platform's retries of this message have in common: the key for effects that
    /// must happen once, also if the message is handled twice.
    pub fn dedup_key(&self) -> DedupKey {
        DedupKey::new(self)
    }

    /// Returns the typed view of this message, to match on.
    pub fn event(&self) -> Event<'_> {
        Event::of(self)
    }

    /// Returns the text of a field; empty if absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.field(name).unwrap_or_default()
    }

    /// Returns the text of a field; `None` if it is absent or empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.field(name).filter(|text| !text.is_empty())
    }

    /// Returns a field as a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.trim().parse().ok()
    }
}

/// Prints the app, type, event and id, but no content.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("appid", self.appid())
            .field("msg_type", &self.msg_type())
            .field("event", &self.field("Event"))
            .field("msg_id", &self.msg_id())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message {
        Message::parse(AppId::new("wx1").unwrap(), text.into()).unwrap()
    }

    #[test]
    fn json_and_xml_read_alike() {
        let xml = message(
            "<xml><FromUserName>o1</FromUserName><CreateTime><![CDATA[12]]></CreateTime>\
             <MsgType>text</MsgType><MsgId>18446744073709551615</MsgId></xml>",
        );
        let json = message(
            r#"{"FromUserName":"o1","CreateTime":"12","MsgType":"text","MsgId":18446744073709551615}"#,
        );
        for message in [&xml, &json] {
            assert_eq!(message.from_user_name(), "o1");
            assert_eq!(message.create_time(), Some(12));
            assert_eq!(message.msg_id_u64(), Some(u64::MAX));
            assert_eq!(message.to_user_name(), "");
        }
        assert_eq!((xml.format(), json.format()), (Format::Xml, Format::Json));
    }

    #[test]
    fn empty_is_not_absent_and_ids_may_be_text() {
        let message = message("<xml><EventKey/><MsgId>a1</MsgId><CreateTime>-1</CreateTime></xml>");
        assert_eq!(message.field("EventKey"), Some(""));
        assert_eq!(message.field("eventkey"), None);
        assert_eq!((message.msg_id(), message.msg_id_u64()), (Some("a1"), None));
        assert_eq!(message.create_time(), None);
    }

    #[test]
    fn debug_shows_no_content() {
        let message = message("<xml><MsgType>text</MsgType><Content>private</Content></xml>");
        let shown = format!("{message:?} {:?} {:?}", message.event(), message.fields());
        assert!(!shown.contains("private"), "{shown}");
        assert!(shown.contains("text"), "{shown}");
    }
}
