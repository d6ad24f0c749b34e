//! Customer-service messages (客服消息): what an account says to a user who was in touch with it
//! lately.

use serde::{Deserialize, Serialize};

use super::Endpoint;
use crate::error::Error;

/// The longest text, in bytes.
const TEXT_MAX: usize = 2048;

/// Sends a message to a user. Source: 客服消息, 发送消息 (`message/custom/send`): up to five in the 48
/// hours after the user wrote, three in the minute after a tap on the menu, a scan or a
/// subscription.
///
/// ```no_run
/// # async fn of(app: tower_wechat::App) -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::customer_service::Send;
///
/// app.call(Send::text("oTEST_user_0001", "Your order is on its way")).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 45015: the user was not in touch for too long, or has left. 45047: too many messages since. 40003:
/// the openid is not one of the app. 40007: the MediaId is unknown. 48001: the account may not make
/// this call. An argument beyond a limit is [`ErrorKind::Input`](crate::ErrorKind::Input), and
/// nothing is sent.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Send {
    touser: String,
    msgtype: &'static str,
    #[serde(flatten)]
    content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    customservice: Option<Account>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    Text { content: String },
    Image { media_id: String },
    Voice { media_id: String },
    Video(Video),
    Music(Music),
    News { articles: [Article; 1] },
}

#[derive(Debug, Clone, Serialize)]
struct Account {
    kf_account: String,
}

impl Send {
    /// A text of up to 2048 bytes.
    pub fn text(openid: impl Into<String>, content: impl Into<String>) -> Self {
        let content = content.into();
        Self::new(openid, "text", Content::Text { content })
    }

    /// An image by its MediaId.
    pub fn image(openid: impl Into<String>, media_id: impl Into<String>) -> Self {
        let media_id = media_id.into();
        Self::new(openid, "image", Content::Image { media_id })
    }

    /// A voice recording by its MediaId.
    pub fn voice(openid: impl Into<String>, media_id: impl Into<String>) -> Self {
        let media_id = media_id.into();
        Self::new(openid, "voice", Content::Voice { media_id })
    }

    /// A video.
    pub fn video(openid: impl Into<String>, video: Video) -> Self {
        Self::new(openid, "video", Content::Video(video))
    }

    /// A piece of music.
    pub fn music(openid: impl Into<String>, music: Music) -> Self {
        Self::new(openid, "music", Content::Music(music))
    }

    /// A card that leads to a page. The platform takes exactly one.
    pub fn news(openid: impl Into<String>, article: Article) -> Self {
        let articles = [article];
        Self::new(openid, "news", Content::News { articles })
    }

    fn new(openid: impl Into<String>, msgtype: &'static str, content: Content) -> Self {
        Self {
            touser: openid.into(),
            msgtype,
            content,
            customservice: None,
        }
    }

    /// Sends it in the name of an account of the customer service, such as `name@wxid`.
    #[must_use]
    pub fn kf_account(mut self, kf_account: impl Into<String>) -> Self {
        let kf_account = kf_account.into();
        self.customservice = Some(Account { kf_account });
        self
    }
}

impl Endpoint for Send {
    type Response = Sent;
    const PATH: &'static str = "/cgi-bin/message/custom/send";

    fn check(&self) -> Result<(), Error> {
        filled("touser", &self.touser)?;
        match &self.content {
            Content::Text { content } if content.len() > TEXT_MAX => {
                let (field, len) = ("content", content.len());
                let message = format!("has {len} bytes: {TEXT_MAX} are the most, send several");
                Err(Error::input(field, message))
            }
            Content::Text { content } => filled("content", content),
            Content::Image { media_id } | Content::Voice { media_id } => {
                filled("media_id", media_id)
            }
            Content::Video(video) => filled("media_id", &video.media_id)
                .and_then(|()| filled("thumb_media_id", &video.thumb_media_id)),
            Content::Music(music) => filled("musicurl", &music.musicurl)
                .and_then(|()| filled("hqmusicurl", &music.hqmusicurl))
                .and_then(|()| filled("thumb_media_id", &music.thumb_media_id)),
            Content::News {
                articles: [article],
            } => filled("title", &article.title).and_then(|()| filled("url", &article.url)),
        }
    }
}

fn filled(field: &'static str, value: &str) -> Result<(), Error> {
    match value.is_empty() {
        true => Err(Error::input(field, "must not be empty")),
        false => Ok(()),
    }
}

/// The message was taken.
#[derive(Debug, Clone, Copy, Deserialize)]
#[non_exhaustive]
pub struct Sent {}

/// A video to send.
#[derive(Debug, Clone, Serialize)]
pub struct Video {
    media_id: String,
    thumb_media_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Video {
    /// A video by its MediaId, and that of its picture.
    pub fn new(media_id: impl Into<String>, thumb_media_id: impl Into<String>) -> Self {
        Self {
            media_id: media_id.into(),
            thumb_media_id: thumb_media_id.into(),
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
}

/// A piece of music to send.
#[derive(Debug, Clone, Serialize)]
pub struct Music {
    musicurl: String,
    hqmusicurl: String,
    thumb_media_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

impl Music {
    /// Music by where it is heard, and the MediaId of its picture. Wi-Fi gets the address at high
    /// quality, which is the same unless [set](Self::hq_music_url).
    pub fn new(music_url: impl Into<String>, thumb_media_id: impl Into<String>) -> Self {
        let musicurl = music_url.into();
        Self {
            hqmusicurl: musicurl.clone(),
            musicurl,
            thumb_media_id: thumb_media_id.into(),
            title: None,
            description: None,
        }
    }

    /// Sets where it is heard at high quality.
    #[must_use]
    pub fn hq_music_url(mut self, url: impl Into<String>) -> Self {
        self.hqmusicurl = url.into();
        self
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
}

/// A card to send.
#[derive(Debug, Clone, Serialize)]
pub struct Article {
    title: String,
    description: String,
    url: String,
    picurl: String,
}

impl Article {
    /// A card that leads to `url`.
    pub fn new(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            url: url.into(),
            picurl: String::new(),
        }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets where the picture is: JPG or PNG, best 640 × 320 pixels, or 80 × 80 for a small one.
    #[must_use]
    pub fn pic_url(mut self, url: impl Into<String>) -> Self {
        self.picurl = url.into();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_has_its_body() {
        for (call, body) in [
            (
                Send::text("o1", "你好\n").kf_account("a@b"),
                json!({"touser": "o1", "msgtype": "text", "text": {"content": "你好\n"},
                    "customservice": {"kf_account": "a@b"}}),
            ),
            (
                Send::image("o1", "M"),
                json!({"touser": "o1", "msgtype": "image", "image": {"media_id": "M"}}),
            ),
            (
                Send::voice("o1", "M"),
                json!({"touser": "o1", "msgtype": "voice", "voice": {"media_id": "M"}}),
            ),
            (
                Send::video("o1", Video::new("M", "T").title("t").description("d")),
                json!({"touser": "o1", "msgtype": "video", "video": {"media_id": "M",
                    "thumb_media_id": "T", "title": "t", "description": "d"}}),
            ),
            (
                Send::music("o1", Music::new("u", "T").hq_music_url("h")),
                json!({"touser": "o1", "msgtype": "music", "music": {"musicurl": "u",
                    "hqmusicurl": "h", "thumb_media_id": "T"}}),
            ),
            (
                Send::news("o1", Article::new("t", "u").description("d").pic_url("p")),
                json!({"touser": "o1", "msgtype": "news", "news": {"articles": [{"title": "t",
                    "description": "d", "url": "u", "picurl": "p"}]}}),
            ),
        ] {
            assert!(call.check().is_ok(), "{call:?}");
            assert_eq!(serde_json::to_value(&call).unwrap(), body);
        }
    }

    #[test]
    fn what_the_platform_would_refuse_is_not_sent() {
        for (call, field) in [
            (Send::text("", "hi"), "touser"),
            (Send::text("o1", ""), "content"),
            (Send::text("o1", "x".repeat(2049)), "content"),
            (Send::image("o1", ""), "media_id"),
            (Send::voice("o1", ""), "media_id"),
            (Send::video("o1", Video::new("M", "")), "thumb_media_id"),
            (Send::music("o1", Music::new("", "T")), "musicurl"),
            (Send::music("o1", Music::new("u", "")), "thumb_media_id"),
            (Send::news("o1", Article::new("t", "")), "url"),
            (Send::news("o1", Article::new("", "u")), "title"),
        ] {
            assert_eq!(call.check().unwrap_err().field(), Some(field), "{call:?}");
        }
        assert!(Send::text("o1", "x".repeat(2048)).check().is_ok());
    }
}
