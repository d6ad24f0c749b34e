//! Which messages a handler is for.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::app::AppId;
use crate::callback::{Event, Message};

/// Which messages a handler is for: a kind, narrowed down by what it is called on.
///
/// ```
/// use tower_wechat::callback::route::{click, image, scan, text};
///
/// let orders = scan().key_prefix("order-");
/// let help = click().key("MENU_HELP").or(text().openid("oTEST_user_0001"));
/// let not_pictures = image().not();
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<dyn Fn(&Message) -> bool + Send + Sync>);

/// Whatever `predicate` says yes to.
pub fn when(predicate: impl Fn(&Message) -> bool + Send + Sync + 'static) -> Pattern {
    Pattern(Arc::new(predicate))
}

/// Every message and every event.
pub fn any() -> Pattern {
    when(|_| true)
}

/// Every message of a user, and no event.
pub fn message() -> Pattern {
    when(|message| !matches!(message.msg_type(), "event" | ""))
}

/// Messages of a kind by its `MsgType`, such as `miniprogrampage`; `event` for every event.
pub fn kind(msg_type: impl Into<String>) -> Pattern {
    let msg_type = msg_type.into();
    when(move |message| message.msg_type() == msg_type)
}

/// Events by their name, such as `user_get_card`, in capitals or not.
pub fn event(name: impl Into<String>) -> Pattern {
    let name = name.into();
    when(move |message| message.is_event(&name))
}

/// Texts.
pub fn text() -> Pattern {
    kind("text")
}

/// Images.
pub fn image() -> Pattern {
    kind("image")
}

/// Voice recordings.
pub fn voice() -> Pattern {
    kind("voice")
}

/// Videos, and short ones.
pub fn video() -> Pattern {
    kind("video").or(kind("shortvideo"))
}

/// Places that were sent; not reports of where the user is.
pub fn location() -> Pattern {
    kind("location")
}

/// Links.
pub fn link() -> Pattern {
    kind("link")
}

/// Users who begin to follow, through a QR code or otherwise.
pub fn subscribe() -> Pattern {
    event("subscribe")
}

/// Users who leave.
pub fn unsubscribe() -> Pattern {
    event("unsubscribe")
}

/// Followers who scan a QR code with a scene. Those who begin to follow by it are not among them:
/// see [`scanned`].
pub fn scan() -> Pattern {
    event("SCAN")
}

/// Users who scan a QR code with a scene, followers before or not.
pub fn scanned() -> Pattern {
    when(|message| scene(message).is_some())
}

/// Taps on menu entries that have a key; those of one entry are `click().key("HELP")`.
pub fn click() -> Pattern {
    event("CLICK")
}

/// Taps on menu entries of any kind.
pub fn menu() -> Pattern {
    when(|message| {
        matches!(
            message.event(),
            Event::Click(_)
                | Event::View(_)
                | Event::ViewMiniprogram(_)
                | Event::ScanCodePush(_)
                | Event::ScanCodeWaitmsg(_)
                | Event::PicSysphoto(_)
                | Event::PicPhotoOrAlbum(_)
                | Event::PicWeixin(_)
                | Event::LocationSelect(_)
        )
    })
}

/// The scene of the QR code that was scanned, without what the platform puts in front of it.
fn scene(message: &Message) -> Option<&str> {
    match message.event() {
        Event::Scan(scan) => Some(scan.scene()).filter(|scene| !scene.is_empty()),
        Event::Subscribe(subscribe) => subscribe.scene(),
        _ => None,
    }
}

impl Pattern {
    /// Only those that `other` is for, too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        when(move |message| self.matches(message) && other.matches(message))
    }

    /// Those that `other` is for as well.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        when(move |message| self.matches(message) || other.matches(message))
    }

    /// All others.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "it reads like and, or")]
    pub fn not(self) -> Self {
        when(move |message| !self.matches(message))
    }

    /// Only those with this `EventKey`.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.and(when(move |message| message.event_key() == Some(&key)))
    }

    /// Only those whose `EventKey` begins so. That of a user who begins to follow has `qrscene_` in
    /// front of the scene: see [`scene_prefix`](Self::scene_prefix).
    #[must_use]
    pub fn key_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.and(when(move |message| {
            message.event_key().unwrap_or_default().starts_with(&prefix)
        }))
    }

    /// Only scans of a QR code with this scene, by followers or by those who become one.
    #[must_use]
    pub fn scene(self, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        self.and(when(move |message| scene(message) == Some(&expected)))
    }

    /// Only scans of a QR code whose scene begins so, by followers or by those who become one.
    #[must_use]
    pub fn scene_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.and(when(move |message| {
            scene(message).is_some_and(|scene| scene.starts_with(&prefix))
        }))
    }

    /// Only those of this user.
    #[must_use]
    pub fn openid(self, openid: impl Into<String>) -> Self {
        let openid = openid.into();
        self.and(when(move |message| message.from_user_name() == openid))
    }

    /// Only those of these users.
    #[must_use]
    pub fn openids(self, openids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let openids: HashSet<String> = openids.into_iter().map(Into::into).collect();
        self.and(when(move |message| {
            openids.contains(message.from_user_name())
        }))
    }

    /// Only those that were pushed to this app.
    #[must_use]
    pub fn app(self, appid: AppId) -> Self {
        self.and(when(move |message| *message.appid() == appid))
    }

    /// Whether it is for this message.
    pub fn matches(&self, message: &Message) -> bool {
        (self.0)(message)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern")
    }
}
