//! The fields filled by users and clients, in document order. Source: 接收普通消息 and
//! 接收事件推送.

/// The fields of one kind of push that contain input of a user or a client, unescaped.
#[derive(Debug)]
pub(super) struct Filled {
    /// Their parent element; `None` for fields directly below the root.
    pub(super) parent: Option<&'static str>,
    /// Their names, in document order.
    pub(super) names: &'static [&'static str],
    /// The platform's elements that may occur between two of them.
    pub(super) between: &'static [&'static str],
}

impl Filled {
    const fn top(names: &'static [&'static str]) -> Self {
        Self {
            parent: None,
            names,
            between: &[],
        }
    }

    const fn inside(parent: &'static str, names: &'static [&'static str]) -> Self {
        Self {
            parent: Some(parent),
            names,
            between: &[],
        }
    }

    /// Returns the fields of a push with this `MsgType` and, for an event, this `Event`.
    pub(super) fn of<'a>(msg_type: &str, event: impl FnOnce() -> &'a str) -> Option<&'static Self> {
        if msg_type != "event" {
            let kind = MESSAGES.iter().find(|(name, _)| *name == msg_type);
            return kind.map(|(_, filled)| filled);
        }
        let event = event();
        // The platform's capitalisation is irregular.
        let is = |(name, _): &&(&str, Self)| event.eq_ignore_ascii_case(name);
        EVENTS.iter().find(is).map(|(_, filled)| filled)
    }

    /// Returns the index of the field with this name.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| *known == name)
    }
}

static MESSAGES: &[(&str, Filled)] = &[
    ("text", Filled::top(&["Content"])),
    ("voice", Filled::top(&["Recognition"])),
    ("location", Filled::top(&["Label", "Poiname"])),
    ("link", Filled::top(&["Title", "Description", "Url"])),
    ("file", Filled::top(&["Title", "Description"])),
    (
        "miniprogrampage",
        Filled {
            parent: None,
            names: &["Title", "PagePath"],
            between: &["AppId"],
        },
    ),
];

static EVENTS: &[(&str, Filled)] = &[
    ("SCAN", Filled::top(&["EventKey"])),
    ("subscribe", Filled::top(&["EventKey"])),
    (
        "scancode_push",
        Filled::inside("ScanCodeInfo", &["ScanResult"]),
    ),
    (
        "scancode_waitmsg",
        Filled::inside("ScanCodeInfo", &["ScanResult"]),
    ),
    (
        "location_select",
        Filled::inside("SendLocationInfo", &["Label", "Poiname"]),
    ),
    ("user_enter_tempsession", Filled::top(&["SessionFrom"])),
];
