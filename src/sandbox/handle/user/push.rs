//! The user actions that are pushed to an app.

use super::User;
use crate::sandbox::push::Push;
use crate::sandbox::random;

impl Push {
    /// Creates a push with arbitrary elements after `CreateTime`, in order. Missing platform
    /// elements, such as `MsgId`, are not added.
    pub fn new<N, V>(user: &User, fields: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self::of(user.appid().clone(), user.person(), fields)
    }

    /// Creates a text message from the user.
    pub fn text(user: &User, content: &str) -> Self {
        let id = random::digits(19);
        Self::new(
            user,
            [("MsgType", "text"), ("Content", content), ("MsgId", &id)],
        )
    }

    /// Creates the event for a scan of a QR code with a scene.
    ///
    /// The event is `SCAN` if the user follows the app. Otherwise it is `subscribe` with
    /// `qrscene_`, and the user follows the app from then on. The ticket is random. To scan a code
    /// that was created, use [`Sandbox::scan`](crate::sandbox::Sandbox::scan).
    pub fn scan(user: &User, scene: &str) -> Self {
        Self::scan_of(user, scene, &random::ticket())
    }

    /// Creates the event for a new follower, with the scene of a QR code if one was scanned.
    pub fn subscribe(user: &User, scene: Option<&str>) -> Self {
        match scene {
            Some(scene) => Self::subscribe_by(user, scene, &random::ticket()),
            None => Self::event(user, "subscribe", "").following(true),
        }
    }

    pub(in crate::sandbox) fn scan_of(user: &User, scene: &str, ticket: &str) -> Self {
        match user.follows() {
            true => Self::event(user, "SCAN", scene).with("Ticket", ticket),
            false => Self::subscribe_by(user, scene, ticket),
        }
    }

    fn subscribe_by(user: &User, scene: &str, ticket: &str) -> Self {
        Self::event(user, "subscribe", &format!("qrscene_{scene}"))
            .with("Ticket", ticket)
            .following(true)
    }

    /// Creates the event for a user who unfollows the app.
    pub fn unsubscribe(user: &User) -> Self {
        Self::event(user, "unsubscribe", "").following(false)
    }

    /// Creates the event for a tap on a menu button with a key.
    pub fn click(user: &User, key: &str) -> Self {
        Self::event(user, "CLICK", key)
    }

    fn event(user: &User, event: &str, key: &str) -> Self {
        Self::new(
            user,
            [("MsgType", "event"), ("Event", event), ("EventKey", key)],
        )
    }
}
