//! Selects the pushes for a target.

use crate::callback::{Event, Message};

/// Selects the pushes for a target: those that match all conditions. Without a condition, every
/// push matches.
///
/// ```
/// use tower_wechat::callback::forward::Rule;
///
/// let scans = Rule::any().events(["SCAN", "subscribe"]).scene_prefix("order-");
/// let of_a_tester = Rule::any().openids(["o-iUq6qghnE5dHvzRo4JGokOr0lk11"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Rule {
    openids: Option<Vec<String>>,
    events: Option<Vec<String>>,
    scene_prefix: Option<String>,
}

impl Rule {
    /// Matches every push.
    pub fn any() -> Self {
        Self::default()
    }

    /// Matches only pushes from these users.
    #[must_use]
    pub fn openids(mut self, openids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.openids = Some(openids.into_iter().map(Into::into).collect());
        self
    }

    /// Matches only these events, ignoring ASCII case. The empty string `""` stands for all pushes
    /// that are not events, i.e. messages of users.
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.events = Some(events.into_iter().map(Into::into).collect());
        self
    }

    /// Matches only scans of QR codes whose scene starts with `prefix`. This includes scans by
    /// followers (`SCAN`) and by users who follow through the scan (`subscribe`, without the
    /// platform's `qrscene_`).
    #[must_use]
    pub fn scene_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.scene_prefix = Some(prefix.into());
        self
    }

    /// Returns a condition that no push can match, if there is one.
    pub(super) fn impossible(&self) -> Option<&'static str> {
        let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_some_and(Vec::is_empty);
        if is_empty(&self.openids) {
            return Some("openids");
        }
        is_empty(&self.events).then_some("events")
    }

    pub(super) fn is_met(&self, message: &Message) -> bool {
        let openid = |openids: &Vec<String>| {
            let of = message.from_user_name();
            openids.iter().any(|openid| openid == of)
        };
        let event = |events: &Vec<String>| {
            let sent = match message.msg_type() {
                "event" => message.text("Event"),
                _ => "",
            };
            events.iter().any(|event| event.eq_ignore_ascii_case(sent))
        };
        let scene = |prefix: &String| scene(message).is_some_and(|it| it.starts_with(prefix));
        self.openids.as_ref().is_none_or(openid)
            && self.events.as_ref().is_none_or(event)
            && self.scene_prefix.as_ref().is_none_or(scene)
    }
}

fn scene(message: &Message) -> Option<&str> {
    match message.event() {
        Event::Scan(scan) => Some(scan.scene()),
        Event::Subscribe(subscribe) => subscribe.scene(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppId;

    fn push(fields: &str) -> Message {
        let text = format!("<xml><FromUserName>o1</FromUserName>{fields}</xml>");
        Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
    }

    fn event(event: &str, key: &str) -> Message {
        push(&format!(
            "<MsgType>event</MsgType><Event>{event}</Event><EventKey>{key}</EventKey>"
        ))
    }

    #[test]
    fn all_conditions_must_be_met() {
        let text = push("<MsgType>text</MsgType>");
        let rule = Rule::any().openids(["o2", "o1"]).events(["", "scan"]);
        assert!(rule.is_met(&text) && rule.is_met(&event("SCAN", "1")));
        assert!(!rule.is_met(&event("CLICK", "1")));
        assert!(!rule.clone().openids(["o"]).is_met(&text));
        assert!(!rule.scene_prefix("").is_met(&text), "a text has no scene");
        assert!(Rule::any().is_met(&text));
    }

    #[test]
    fn the_scene_is_of_a_scan_by_a_follower_or_a_new_one() {
        let rule = Rule::any().scene_prefix("order-");
        for (message, met) in [
            (event("SCAN", "order-1"), true),
            (event("scan", "order-"), true),
            (event("SCAN", "qrscene_order-1"), false),
            (event("subscribe", "qrscene_order-1"), true),
            (event("subscribe", "order-1"), false),
            (event("subscribe", ""), false),
            (event("CLICK", "order-1"), false),
        ] {
            assert_eq!(rule.is_met(&message), met, "{:?}", message.raw());
        }
    }

    #[test]
    fn an_event_without_a_name_is_a_message_to_no_rule_but_the_empty_one() {
        let nameless = push("<MsgType>event</MsgType>");
        assert!(!Rule::any().events(["SCAN"]).is_met(&nameless));
        let kindless = push("<InfoType>authorized</InfoType>");
        assert!(Rule::any().events([""]).is_met(&kindless));
    }

    #[test]
    fn an_empty_list_can_never_be_met() {
        let none: [&str; 0] = [];
        assert_eq!(Rule::any().events(none).impossible(), Some("events"));
        assert_eq!(Rule::any().openids(none).impossible(), Some("openids"));
        assert_eq!(Rule::any().events([""]).impossible(), None);
    }
}
