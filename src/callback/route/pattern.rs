//! Matches messages.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::app::AppId;
use crate::callback::{Event, Message};

/// A predicate on messages: a kind, optionally restricted by further conditions.
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

/// Matches the messages for which `predicate` returns true.
pub fn when(predicate: impl Fn(&Message) -> bool + Send + Sync + 'static) -> Pattern {
    Pattern(Arc::new(predicate))
}

/// Matches every message and every event.
pub fn any() -> Pattern {
    when(|_| true)
}

/// Matches every message of a user, but no event.
pub fn message() -> Pattern {
    when(|message| !matches!(message.msg_type(), "event" | ""))
}

/// Matches messages by `MsgType`, such as `miniprogrampage`. `event` matches every event.
pub fn kind(msg_type: impl Into<String>) -> Pattern {
    let msg_type = msg_type.into();
    when(move |message| message.msg_type() == msg_type)
}

/// Matches events by name, such as `user_get_card`, ignoring ASCII case.
pub fn event(name: impl Into<String>) -> Pattern {
    let name = name.into();
    when(move |message| message.is_event(&name))
}

/// Matches texts.
pub fn text() -> Pattern {
    kind("text")
}

/// Matches images.
pub fn image() -> Pattern {
    kind("image")
}

/// Matches voice recordings.
pub fn voice() -> Pattern {
    kind("voice")
}

/// Matches videos and short videos.
pub fn video() -> Pattern {
    kind("video").or(kind("shortvideo"))
}

/// Matches locations that a user sent. Does not match `LOCATION` events, which report a position.
pub fn location() -> Pattern {
    kind("location")
}

/// Matches links.
pub fn link() -> Pattern {
    kind("link")
}

/// Matches users who start to follow, through a QR code or otherwise.
pub fn subscribe() -> Pattern {
    event("subscribe")
}

/// Matches users who stop following.
pub fn unsubscribe() -> Pattern {
    event("unsubscribe")
}

/// Matches followers who scan a QR code with a scene. Does not match users who start to follow by
/// scanning: see [`scanned`].
pub fn scan() -> Pattern {
    event("SCAN")
}

/// Matches scans of a QR code with a scene, by followers and by users who start to follow.
pub fn scanned() -> Pattern {
    when(|message| scene(message).is_some())
}

/// Matches taps on menu entries with a key. For one entry, use `click().key("HELP")`.
pub fn click() -> Pattern {
    event("CLICK")
}

/// Matches taps on menu entries of any kind.
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

/// Returns the scene of the scanned QR code, without the platform's prefix.
fn scene(message: &Message) -> Option<&str> {
    match message.event() {
        Event::Scan(scan) => Some(scan.scene()).filter(|scene| !scene.is_empty()),
        Event::Subscribe(subscribe) => subscribe.scene(),
        _ => None,
    }
}

impl Pattern {
    /// Matches messages that match both patterns.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        when(move |message| self.matches(message) && other.matches(message))
    }

    /// Matches messages that match at least one of the patterns.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        when(move |message| self.matches(message) || other.matches(message))
    }

    /// Matches messages that do not match this pattern.
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "it reads like and, or")]
    pub fn not(self) -> Self {
        when(move |message| !self.matches(message))
    }

    /// Matches only messages with this `EventKey`.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.and(when(move |message| message.event_key() == Some(&key)))
    }

    /// Matches only messages whose `EventKey` starts with `prefix`. In a `subscribe` event, the key
    /// is the scene with the prefix `qrscene_`: see [`scene_prefix`](Self::scene_prefix).
    #[must_use]
    pub fn key_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.and(when(move |message| {
            message.event_key().unwrap_or_default().starts_with(&prefix)
        }))
    }

    /// Matches only scans of a QR code with this scene, by followers or new followers.
    #[must_use]
    pub fn scene(self, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        self.and(when(move |message| scene(message) == Some(&expected)))
    }

    /// Matches only scans of a QR code whose scene starts with `prefix`, by followers or new
    /// followers.
    #[must_use]
    pub fn scene_prefix(self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        self.and(when(move |message| {
            scene(message).is_some_and(|scene| scene.starts_with(&prefix))
        }))
    }

    /// Matches only messages from this user.
    #[must_use]
    pub fn openid(self, openid: impl Into<String>) -> Self {
        let openid = openid.into();
        self.and(when(move |message| message.from_user_name() == openid))
    }

    /// Matches only messages from these users.
    #[must_use]
    pub fn openids(self, openids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let openids: HashSet<String> = openids.into_iter().map(Into::into).collect();
        self.and(when(move |message| {
            openids.contains(message.from_user_name())
        }))
    }

    /// Matches only messages that were pushed to this app.
    #[must_use]
    pub fn app(self, appid: AppId) -> Self {
        self.and(when(move |message| *message.appid() == appid))
    }

    /// Returns whether the message matches.
    pub fn matches(&self, message: &Message) -> bool {
        (self.0)(message)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern")
    }
}
