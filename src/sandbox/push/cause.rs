//! What happened to a user, as the document that tells an app of it.

use std::fmt::Write;

use crate::app::AppId;
use crate::sandbox::account::PersonId;
use crate::sandbox::customer_service::Trigger;
use crate::sandbox::{User, random};

/// Something that happened to a user, to be pushed to an app.
#[derive(Debug, Clone)]
pub struct Push {
    pub(super) appid: AppId,
    pub(super) person: PersonId,
    fields: Vec<(String, String)>,
    pub(super) follow: Option<bool>,
}

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
        Self {
            appid: user.appid().clone(),
            person: user.person(),
            fields,
            follow: None,
        }
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
            None => Self {
                follow: Some(true),
                ..Self::event(user, "subscribe", "")
            },
        }
    }

    pub(in crate::sandbox) fn scan_of(user: &User, scene: &str, ticket: &str) -> Self {
        match user.follows() {
            true => Self::event(user, "SCAN", scene).with("Ticket", ticket),
            false => Self::subscribe_by(user, scene, ticket),
        }
    }

    fn subscribe_by(user: &User, scene: &str, ticket: &str) -> Self {
        Self {
            follow: Some(true),
            ..Self::event(user, "subscribe", &format!("qrscene_{scene}")).with("Ticket", ticket)
        }
    }

    /// What became of a template message.
    pub(in crate::sandbox) fn job_finished(
        appid: AppId,
        person: PersonId,
        msgid: u64,
        status: &str,
    ) -> Self {
        let push = Self {
            appid,
            person,
            fields: Vec::new(),
            follow: None,
        };
        push.with("MsgType", "event")
            .with("Event", "TEMPLATESENDJOBFINISH")
            .with("MsgID", &msgid.to_string())
            .with("Status", status)
    }

    /// The user leaves the app.
    pub fn unsubscribe(user: &User) -> Self {
        Self {
            follow: Some(false),
            ..Self::event(user, "unsubscribe", "")
        }
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

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it lets the app answer with customer-service messages, if it does.
    pub(super) fn trigger(&self) -> Option<Trigger> {
        if self.field("MsgType")? != "event" {
            return Some(Trigger::Message);
        }
        match self.field("Event")? {
            "subscribe" | "SCAN" | "CLICK" | "scancode_push" | "scancode_waitmsg" => {
                Some(Trigger::Tap)
            }
            "user_enter_tempsession" => Some(Trigger::Session),
            _ => None,
        }
    }

    /// The MediaIds of what the user sent.
    pub(super) fn media_ids(&self) -> impl Iterator<Item = &str> {
        let names = ["MediaId", "ThumbMediaId"];
        names.into_iter().filter_map(|name| self.field(name))
    }

    /// The scene of the code that the user came through.
    pub(super) fn scene(&self) -> Option<&str> {
        self.field("EventKey")?.strip_prefix("qrscene_")
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(known, _)| known == name)?;
        Some(value)
    }

    pub(super) fn xml(&self, to: &str, from: &str, created: u64) -> String {
        let mut xml = String::from("<xml>");
        let own = [("ToUserName", to), ("FromUserName", from)].into_iter();
        let given = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own {
            element(&mut xml, name, value);
        }
        // Writing to a String cannot fail.
        let _ = write!(xml, "<CreateTime>{created}</CreateTime>");
        for (name, value) in given {
            element(&mut xml, name, value);
        }
        xml.push_str("</xml>");
        xml
    }
}

/// Whatever a user typed is written as it is, as the platform does.
fn element(xml: &mut String, name: &str, value: &str) {
    let _ = write!(xml, "<{name}><![CDATA[{value}]]></{name}>");
}
