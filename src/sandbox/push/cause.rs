//! The pushes: events and messages caused by users, with their XML documents.

use std::fmt::Write;

use crate::app::AppId;
use crate::sandbox::customer_service::Trigger;
use crate::sandbox::directory::PersonId;

/// An event or message to push to an app.
#[derive(Debug, Clone)]
pub struct Push {
    pub(in crate::sandbox) appid: AppId,
    pub(in crate::sandbox) person: PersonId,
    fields: Vec<(String, String)>,
    /// Whether the user follows the app from then on. `None` if that does not change.
    pub(in crate::sandbox) follow: Option<bool>,
}

impl Push {
    /// Creates a push with these elements, in order.
    pub(in crate::sandbox) fn of(
        appid: AppId,
        person: PersonId,
        fields: Vec<(String, String)>,
    ) -> Self {
        Self {
            appid,
            person,
            fields,
            follow: None,
        }
    }

    /// Creates the event with the result of a template message.
    pub(in crate::sandbox) fn job_finished(
        appid: AppId,
        person: PersonId,
        msgid: u64,
        status: &str,
    ) -> Self {
        Self::of(appid, person, Vec::new())
            .with("MsgType", "event")
            .with("Event", "TEMPLATESENDJOBFINISH")
            .with("MsgID", &msgid.to_string())
            .with("Status", status)
    }

    pub(in crate::sandbox) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the user follow or unfollow the app when the push happens.
    pub(in crate::sandbox) fn following(mut self, follow: bool) -> Self {
        self.follow = Some(follow);
        self
    }

    /// Returns the trigger that lets the app send customer-service messages, if any.
    pub(in crate::sandbox) fn trigger(&self) -> Option<Trigger> {
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

    /// Returns the MediaIds in the user's message.
    pub(in crate::sandbox) fn media_ids(&self) -> impl Iterator<Item = &str> {
        let names = ["MediaId", "ThumbMediaId"];
        names.into_iter().filter_map(|name| self.field(name))
    }

    /// Returns the scene of the QR code that led the user to follow.
    pub(in crate::sandbox) fn scene(&self) -> Option<&str> {
        self.field("EventKey")?.strip_prefix("qrscene_")
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(known, _)| known == name)?;
        Some(value)
    }

    pub(in crate::sandbox) fn xml(&self, to: &str, from: &str, created: u64) -> String {
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

/// Writes one element. The value isn't escaped, as on the platform.
fn element(xml: &mut String, name: &str, value: &str) {
    let _ = write!(xml, "<{name}><![CDATA[{value}]]></{name}>");
}
