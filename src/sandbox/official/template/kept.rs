//! The stored templates of accounts.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;

use crate::api::keyword;
use crate::api::template::keywords_of;
use crate::app::AppId;
use crate::sandbox::directory::PersonId;
use crate::sandbox::random;
use crate::sandbox::refusal::Refused;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Templates {
    pub(super) by_app: HashMap<AppId, Vec<Template>>,
    /// The ids and times of recent messages, by app, user and client_msg_id.
    pub(super) sent: HashMap<(AppId, PersonId, String), (u64, SystemTime)>,
}

#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Template {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) content: String,
    pub(super) subscribe: bool,
}

impl Template {
    /// Checks a message's values as the platform does.
    pub(in crate::sandbox) fn check(
        &self,
        data: &BTreeMap<String, Keyword>,
    ) -> Result<(), Refused> {
        let wrong = |text: String| Refused::new(47003, format!("argument invalid! data.{text}"));
        for key in keywords_of(&self.content) {
            match data.get(key).map(Keyword::text) {
                Some(value) if !value.is_empty() => {
                    keyword::rule(key, &value).map_err(|_| wrong(format!("{key}.value invalid")))?
                }
                _ => return Err(wrong(format!("{key}.value is empty"))),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
pub(in crate::sandbox) struct Keyword {
    #[serde(default)]
    value: Value,
}

impl Keyword {
    fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }
}

impl Templates {
    /// Returns the number of templates that an account has, of both kinds.
    pub(in crate::sandbox) fn count(&self, appid: &AppId) -> usize {
        self.by_app.get(appid).map_or(0, Vec::len)
    }

    pub(in crate::sandbox) fn find(
        &self,
        appid: &AppId,
        id: &str,
        subscribe: bool,
    ) -> Option<&Template> {
        let templates = self.by_app.get(appid)?;
        let is_meant = |known: &&Template| known.id == id && known.subscribe == subscribe;
        templates.iter().find(is_meant)
    }

    pub(in crate::sandbox) fn add(
        &mut self,
        appid: &AppId,
        title: &str,
        content: &str,
        subscribe: bool,
    ) -> String {
        let id = random::alphanumeric(43);
        let template = Template {
            id: id.clone(),
            title: title.to_owned(),
            content: content.to_owned(),
            subscribe,
        };
        let templates = self.by_app.entry(appid.clone()).or_default();
        templates.push(template);
        id
    }
}
