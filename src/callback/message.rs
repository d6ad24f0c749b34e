//! What the platform pushed: a message of a user, or an event.

use std::fmt;

use bytes::Bytes;

use crate::app::AppId;
use crate::callback::Event;
use crate::callback::document::{Author, Document, Fields, Format, Limits, ParseError};
use crate::callback::verify::replay::Delivery;

/// One push, decrypted and parsed. It is cheap to clone and holds no key and no token. It may be a
/// view of what the server has read: to keep a little of it for long, copy that.
///
/// A field that this crate has no method for is reached by its name, however new it is:
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
    /// Parses a document that was pushed to `appid`, XML or JSON as its first character tells. No
    /// field is required.
    ///
    /// # Errors
    /// [`ParseError`] for a text that is not a document of the platform.
    pub fn parse(appid: AppId, text: String) -> Result<Self, ParseError> {
        Document::parse(text).map(|document| Self::new(appid, document))
    }

    /// The same of bytes, such as those that [`raw_bytes`](Self::raw_bytes) gave: a message can be
    /// queued and read again. Bytes that are no UTF-8 are read as U+FFFD. Nesting is bounded, and a
    /// document has 1 MiB at most, whatever limits the callback has.
    ///
    /// # Errors
    /// [`ParseError`] for bytes that are not a document of the platform.
    pub fn parse_bytes(appid: AppId, document: impl Into<Bytes>) -> Result<Self, ParseError> {
        let document = Document::parse_within(document.into(), Limits::MOST, Author::Platform);
        document.map(|document| Self::new(appid, document))
    }

    /// Parses a reply, in which no text is a user's.
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

    /// Marks whether its app is a mini-program, as the callback's keys say.
    pub(crate) fn of_mini_program(mut self, is: bool) -> Self {
        self.of_mini_program = is;
        self
    }

    /// Whether its user sees a reply of any kind: a mini-program can only hand over to the customer
    /// service.
    pub(crate) fn shows_replies(&self) -> bool {
        !self.of_mini_program
    }

    /// Whether a user sent it just now and looks for an answer: a message, or a tap on the menu.
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

    /// How it reached the handler.
    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The app it was pushed to.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// The original id of the app, such as `gh_0a1b2c3d4e5f`. Empty if it was not sent.
    pub fn to_user_name(&self) -> &str {
        self.text("ToUserName")
    }

    /// The openid of the user it comes from. Empty if it was not sent.
    pub fn from_user_name(&self) -> &str {
        self.text("FromUserName")
    }

    /// When it was made, in seconds since the Unix epoch.
    pub fn create_time(&self) -> Option<u64> {
        self.number("CreateTime")
    }

    /// Its kind, such as `text` or `event`. Empty if it was not sent.
    pub fn msg_type(&self) -> &str {
        self.text("MsgType")
    }

    /// The id of a message of a user; events have none. The same user's same message, sent again
    /// by the platform, has the same id.
    pub fn msg_id(&self) -> Option<&str> {
        self.value("MsgId")
    }

    /// The id as a number, which it nearly always is.
    pub fn msg_id_u64(&self) -> Option<u64> {
        self.number("MsgId")
    }

    /// The id of the article whose page the user wrote the message on, if it was one.
    pub fn msg_data_id(&self) -> Option<&str> {
        self.value("MsgDataId")
    }

    /// Which article of a post with several it was, counted from 1.
    pub fn idx(&self) -> Option<u32> {
        self.number("Idx")
    }

    /// The business (子商户) that the user writes to, of a mini-program whose customer service is
    /// shared by several.
    pub fn business_id(&self) -> Option<&str> {
        self.value("BusinessId")
    }

    /// The name of the event, as it was sent; `None` for a message. The platform's capitals are
    /// irregular: match on [`event`](Self::event), or compare with [`is_event`](Self::is_event).
    pub fn event_name(&self) -> Option<&str> {
        self.value("Event")
    }

    /// Whether it is this kind of event, in capitals or not.
    pub fn is_event(&self, name: &str) -> bool {
        let is = |event: &str| event.eq_ignore_ascii_case(name);
        self.msg_type() == "event" && self.event_name().is_some_and(is)
    }

    /// The key of the event: a scene, the key of a menu entry, a page. `None` if it was not sent
    /// or is empty.
    pub fn event_key(&self) -> Option<&str> {
        self.value("EventKey")
    }

    /// The text of the first field that has this very name: `Some("")` if it was sent empty, as
    /// the platform often does for "no value", and `None` if it was not sent.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.document.field(name)
    }

    /// All fields in the order they were sent.
    pub fn fields(&self) -> Fields<'_> {
        self.document.fields()
    }

    /// The document as it was received, after decryption. Bytes that are no UTF-8 are U+FFFD.
    pub fn raw(&self) -> &str {
        self.document.raw()
    }

    /// The document as it was received, after decryption, byte for byte.
    pub fn raw_bytes(&self) -> &[u8] {
        self.document.received()
    }

    /// Whether there is more than one way to tell the texts of its user apart.
    ///
    /// The platform puts what a user typed into a push as it is. Of a push with several such fields
    /// in a row, such as a link with its title and description, one text may hold all that stands
    /// between two fields. It is then cut at the first place where it can be, and a field of the
    /// platform's that stands between two of them is left out. Fields before and after them are the
    /// platform's in any case.
    pub fn is_ambiguous(&self) -> bool {
        self.document.is_ambiguous()
    }

    /// The format of the document. A reply has the same one.
    pub fn format(&self) -> Format {
        self.document.format()
    }

    /// What it is, to match on.
    pub fn event(&self) -> Event<'_> {
        Event::of(self)
    }

    /// The text of a field; empty if it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.field(name).unwrap_or_default()
    }

    /// The text of a field that was sent and not empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.field(name).filter(|text| !text.is_empty())
    }

    /// A field as a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.field(name)?.trim().parse().ok()
    }
}

/// Prints what it is, and nothing of what the user wrote.
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
