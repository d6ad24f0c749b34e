//! Sends customer-service messages.

use serde::Serialize;

use super::content::Content;
use super::{Article, Link, MiniProgramPage, MsgMenu, Music, Video};
use crate::api::{Done, Endpoint, limit};
use crate::error::Error;

/// Sends a message to a user. Source: 发送客服消息 (`sendCustomMessage`).
///
/// An account can send up to five messages in the 48 hours after the user wrote. It can send three
/// in the minute after a tap on the menu, a scan or a subscription.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_wechat::api::customer_service::{MsgMenu, SendCustomerServiceMessage};
/// # use tower_wechat::{Reply, handler_fn, sandbox::{Push, Sandbox}};
/// # let sandbox = Sandbox::new();
/// # let (wechat, user) = (sandbox.wechat(), sandbox.user("Hui"));
/// # let app = wechat.app(sandbox.appid())?;
/// # let openid = user.openid();
/// # let routes = wechat.routes().on_message(handler_fn(|_| async { Reply::none() }));
/// # sandbox.push(Push::text(&user, "hi"), routes.prefix("/v1/service/wx")).await;
///
/// // The user has just written.
/// app.call(SendCustomerServiceMessage::text(&openid, "Your order is on its way")).await?;
/// let menu = MsgMenu::new("Are you content?").item("yes", "Yes").item("no", "No");
/// app.call(SendCustomerServiceMessage::msg_menu(&openid, menu)).await?;
/// # assert_eq!(user.received().len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// The call is not repeated if its outcome is unknown, because the user could get the message
/// twice.
///
/// # Errors
/// - 45015: the user's last interaction is too old, or the user has unfollowed the account.
/// - 45047: too many messages were sent since the last interaction.
/// - 40003: the openid does not belong to the app.
/// - 40007: the MediaId is unknown.
/// - 40008: this type of account can't send this kind of message.
/// - 48001: the account may not make this call.
/// - 48002: the user has switched off messages from the account.
///
/// An argument beyond a limit is [`ErrorKind::Input`](crate::ErrorKind::Input), and nothing is
/// sent.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SendCustomerServiceMessage {
    touser: String,
    msgtype: &'static str,
    #[serde(flatten)]
    content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    customservice: Option<Account>,
}

#[derive(Debug, Clone, Serialize)]
struct Account {
    kf_account: String,
}

impl SendCustomerServiceMessage {
    /// The maximum length of a text, in bytes.
    pub const MAX_TEXT: usize = 2048;

    /// The maximum number of messages after the user wrote.
    pub const MAX_MESSAGES: usize = 5;

    /// Creates a text message of up to [`MAX_TEXT`](Self::MAX_TEXT) bytes. Use
    /// [`split_text`](Self::split_text) for a longer text.
    ///
    /// The text can contain links, `<a href="…">…</a>`. A link from an official account can open a
    /// page of a mini-program with `data-miniprogram-appid` and `data-miniprogram-path`.
    pub fn text(openid: impl Into<String>, content: impl Into<String>) -> Self {
        let content = content.into();
        Self::new(openid, Content::Text { content })
    }

    /// Creates an image message from a MediaId.
    pub fn image(openid: impl Into<String>, media_id: impl Into<String>) -> Self {
        let media_id = media_id.into();
        Self::new(openid, Content::Image { media_id })
    }

    /// Creates a voice message from a MediaId.
    pub fn voice(openid: impl Into<String>, media_id: impl Into<String>) -> Self {
        let media_id = media_id.into();
        Self::new(openid, Content::Voice { media_id })
    }

    /// Creates a video message.
    pub fn video(openid: impl Into<String>, video: Video) -> Self {
        Self::new(openid, Content::Video(video))
    }

    /// Creates a music message.
    pub fn music(openid: impl Into<String>, music: Music) -> Self {
        Self::new(openid, Content::Music(music))
    }

    /// Creates a card that opens a page. The platform accepts exactly one article.
    pub fn news(openid: impl Into<String>, article: Article) -> Self {
        let articles = [article];
        Self::new(openid, Content::News { articles })
    }

    /// Creates a message with articles of the account (图文消息) from the MediaId of their
    /// material.
    pub fn mp_news(openid: impl Into<String>, media_id: impl Into<String>) -> Self {
        let media_id = media_id.into();
        Self::new(openid, Content::MpNews { media_id })
    }

    /// Creates a message with a published article, from the `article_id` of its publication (发布).
    pub fn mp_news_article(openid: impl Into<String>, article_id: impl Into<String>) -> Self {
        let article_id = article_id.into();
        Self::new(openid, Content::MpNewsArticle { article_id })
    }

    /// Creates a text with options to tap.
    pub fn msg_menu(openid: impl Into<String>, menu: MsgMenu) -> Self {
        Self::new(openid, Content::MsgMenu(menu))
    }

    /// Creates a message with a card or coupon (卡券) from its id.
    pub fn wx_card(openid: impl Into<String>, card_id: impl Into<String>) -> Self {
        let card_id = card_id.into();
        Self::new(openid, Content::WxCard { card_id })
    }

    /// Creates a card that opens a page of a mini-program.
    pub fn mini_program_page(openid: impl Into<String>, page: MiniProgramPage) -> Self {
        Self::new(openid, Content::MiniProgramPage(page))
    }

    /// Creates a card of a mini-program that opens a web page.
    pub fn link(openid: impl Into<String>, link: Link) -> Self {
        Self::new(openid, Content::Link(link))
    }

    fn new(openid: impl Into<String>, content: Content) -> Self {
        Self {
            touser: openid.into(),
            msgtype: content.msgtype(),
            content,
            customservice: None,
        }
    }

    /// Sends the message as a customer-service account, such as `name@wxid`.
    #[must_use]
    pub fn kf_account(mut self, kf_account: impl Into<String>) -> Self {
        let kf_account = kf_account.into();
        self.customservice = Some(Account { kf_account });
        self
    }
}

impl Endpoint for SendCustomerServiceMessage {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/message/custom/send";

    fn check(&self) -> Result<(), Error> {
        limit::given("touser", &self.touser)?;
        if let Some(account) = &self.customservice {
            limit::given("kf_account", &account.kf_account)?;
        }
        self.content.check()
    }
}
