//! The `[reply]` table: fixed replies.

use std::collections::BTreeMap;

use serde::Deserialize;
use tower_wechat::callback::Message;
use tower_wechat::{Event, Reply};

use super::{Wrong, wrong};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    default: Option<String>,
    #[serde(default)]
    keywords: BTreeMap<String, String>,
    #[serde(default)]
    events: BTreeMap<String, String>,
    #[serde(default)]
    scenes: BTreeMap<String, String>,
}

impl Table {
    pub(super) fn replies(&self) -> Result<Replies, Wrong> {
        let default = self.default.iter().map(|text| ("default".to_owned(), text));
        let maps = [
            ("keywords", &self.keywords),
            ("events", &self.events),
            ("scenes", &self.scenes),
        ];
        let all = maps.iter().flat_map(|(table, texts)| {
            texts
                .iter()
                .map(move |(name, text)| (format!("{table}.{name:?}"), text))
        });
        for (key, text) in default.chain(all) {
            if text.is_empty() || text.len() > Reply::MAX_TEXT {
                let most = Reply::MAX_TEXT;
                let why = format!(
                    "must be a text of 1 to {most} bytes (it has {})",
                    text.len()
                );
                return Err(wrong(format!("reply.{key}"), why));
            }
        }
        Ok(Replies {
            default: self.default.clone(),
            // Longest first, since the longest match is the most specific.
            keywords: longest_first(&self.keywords),
            scenes: longest_first(&self.scenes),
            events: self.events.clone(),
        })
    }
}

fn longest_first(texts: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut texts: Vec<_> = texts.clone().into_iter().collect();
    texts.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    texts
}

/// Chooses a fixed reply to a push.
#[derive(Debug, Clone)]
pub(crate) struct Replies {
    default: Option<String>,
    keywords: Vec<(String, String)>,
    events: BTreeMap<String, String>,
    scenes: Vec<(String, String)>,
}

impl Replies {
    /// Returns the reply, or an empty one if no table matches.
    pub(crate) fn to(&self, message: &Message) -> Reply {
        self.text(message).map_or_else(Reply::none, Reply::from)
    }

    fn text(&self, message: &Message) -> Option<&str> {
        let scene = match message.event() {
            Event::Text(text) => {
                let mut keywords = self.keywords.iter();
                let found = keywords.find(|(keyword, _)| text.content().contains(keyword.as_str()));
                return found.map(|(_, reply)| &**reply).or(self.default.as_deref());
            }
            Event::Scan(scan) => Some(scan.scene().to_string()),
            Event::Subscribe(subscribe) => subscribe.scene().map(|scene| scene.to_string()),
            _ => None,
        };
        if let Some(scene) = scene {
            let mut scenes = self.scenes.iter();
            if let Some((_, reply)) = scenes.find(|(start, _)| scene.starts_with(start.as_str())) {
                return Some(reply);
            }
        }
        let event = message.event_name()?;
        let keyed = message.event_key().map(|key| format!("{event}:{key}"));
        let named = |name: &str| {
            let mut events = self.events.iter();
            events.find(|(event, _)| event.eq_ignore_ascii_case(name))
        };
        let found = keyed
            .and_then(|keyed| named(&keyed))
            .or_else(|| named(event));
        found.map(|(_, reply)| &**reply)
    }
}
