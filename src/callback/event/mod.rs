//! What a push is: a typed view of its fields.
//!
//! Source: 接收普通消息, 接收事件推送.

#[macro_use]
mod view;

mod content;
mod follow;
mod menu;
mod other;
mod template;

pub use self::content::{
    File, Image, Link, Location, MiniProgramPage, ShortVideo, Text, Video, Voice,
};
pub use self::follow::{LocationReport, Scan, Subscribe, Unsubscribe};
pub use self::menu::{Click, View};
pub use self::other::Other;
pub use self::template::{TemplateOutcome, TemplateSendJobFinish};

use crate::callback::Message;

/// What a push is. A kind that this crate does not know is [`Event::Other`], never an error.
///
/// ```
/// use tower_wechat::{Event, Message, Reply};
///
/// async fn on_message(msg: Message) -> Reply {
///     match msg.event() {
///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
///         Event::Subscribe(subscribe) => Reply::text(match subscribe.scene() {
///             Some(scene) => format!("welcome via {scene}"),
///             None => "welcome".into(),
///         }),
///         Event::Other(other) if other.is("view_miniprogram") => Reply::none(),
///         _ => Reply::none(),
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// 文本消息: the user wrote.
    Text(Text<'a>),
    /// 图片消息: the user sent an image.
    Image(Image<'a>),
    /// 语音消息: the user sent a voice recording.
    Voice(Voice<'a>),
    /// 视频消息: the user sent a video.
    Video(Video<'a>),
    /// 小视频消息: the user sent a short video.
    ShortVideo(ShortVideo<'a>),
    /// 地理位置消息: the user sent a place.
    Location(Location<'a>),
    /// 链接消息: the user sent a link.
    Link(Link<'a>),
    /// The user sent a file.
    File(File<'a>),
    /// 小程序卡片消息: the user sent a card of a mini-program's page to its customer service.
    MiniProgramPage(MiniProgramPage<'a>),
    /// 关注事件: the user follows the account, perhaps through a QR code with a scene.
    Subscribe(Subscribe<'a>),
    /// 取消关注事件: the user left. There is nobody to answer.
    Unsubscribe(Unsubscribe<'a>),
    /// 扫描带参数二维码事件: a follower scanned a QR code with a scene.
    Scan(Scan<'a>),
    /// 点击菜单拉取消息时的事件推送: the user tapped a menu entry that has a key.
    Click(Click<'a>),
    /// 点击菜单跳转链接时的事件推送: the user tapped a menu entry that opens a page.
    View(View<'a>),
    /// 上报地理位置事件: where the user is, reported on entering the chat or every five seconds.
    LocationReport(LocationReport<'a>),
    /// 模板消息发送结果: what became of a template message.
    TemplateSendJobFinish(TemplateSendJobFinish<'a>),
    /// Everything else.
    Other(Other<'a>),
}

impl<'a> Event<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        match message.msg_type() {
            "event" => Self::of_event(message),
            "text" => Self::Text(Text(message)),
            "image" => Self::Image(Image(message)),
            "voice" => Self::Voice(Voice(message)),
            "video" => Self::Video(Video(message)),
            "shortvideo" => Self::ShortVideo(ShortVideo(message)),
            "location" => Self::Location(Location(message)),
            "link" => Self::Link(Link(message)),
            "file" => Self::File(File(message)),
            "miniprogrampage" => Self::MiniProgramPage(MiniProgramPage(message)),
            _ => Self::Other(Other(message)),
        }
    }

    /// The platform writes some names in capitals and some not, and not always the same way.
    fn of_event(message: &'a Message) -> Self {
        let is = |name: &str| message.text("Event").eq_ignore_ascii_case(name);
        if is("subscribe") {
            Self::Subscribe(Subscribe(message))
        } else if is("unsubscribe") {
            Self::Unsubscribe(Unsubscribe(message))
        } else if is("SCAN") {
            Self::Scan(Scan(message))
        } else if is("CLICK") {
            Self::Click(Click(message))
        } else if is("VIEW") {
            Self::View(View(message))
        } else if is("LOCATION") {
            Self::LocationReport(LocationReport(message))
        } else if is("TEMPLATESENDJOBFINISH") {
            Self::TemplateSendJobFinish(TemplateSendJobFinish(message))
        } else {
            Self::Other(Other(message))
        }
    }
}

#[cfg(test)]
mod tests;
