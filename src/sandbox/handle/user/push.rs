//! What a user does that is pushed to an app.

use super::User;
use crate::sandbox::push::Push;
use crate::sandbox::random;

impl Push {
    /// Anything: the elements after `CreateTime`, in their order. An element of the platform's
    /// that is missing, such as `MsgId`, is not added.
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

    /// The user wrote a text.
    pub fn text(user: &User, content: &str) -> Self {
        let id = random::digits(19);
        Self::new(
            user,
            [("MsgType", "text"), ("Content", content), ("MsgId", &id)],
        )
    }

    /// The user scanned a QR code with a scene: `SCAN` if the user follows the app; otherwise
    /// `subscribe` with `qrscene_`, and the user follows from then on. The ticket is made up: for a
    /// code that was made there is [`Sandbox::scan`](crate::sandbox::Sandbox::scan).
    pub fn scan(user: &User, scene: &str) -> Self {
        Self::scan_of(user, scene, &random::ticket())
    }

    /// The user begins to follow the app, through a QR code with a scene or otherwise.
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

    /// The user leaves the app.
    pub fn unsubscribe(user: &User) -> Self {
        Self::event(user, "unsubscribe", "").following(false)
    }

    /// The user tapped a menu button with a key.
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
