//! Template messages.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call};
use crate::api::keyword;
use crate::api::template::keywords_of;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::account::PersonId;
use crate::sandbox::push::Push;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;
use crate::sandbox::{Sandbox, random};

/// How long the platform knows a message by its client_msg_id.
const KNOWN: Duration = Duration::from_secs(600);
#[derive(Debug, Default)]
pub(super) struct Templates {
    pub(super) by_app: HashMap<AppId, Vec<Template>>,
    pub(super) industries: HashMap<AppId, (String, String, SystemTime)>,
    sent: HashMap<(AppId, PersonId, String), (u64, SystemTime)>,
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) content: String,
    pub(super) subscribe: bool,
}

impl Template {
    /// Checks the values of a message as the platform does.
    pub(super) fn check(&self, data: &BTreeMap<String, Keyword>) -> Result<(), Refused> {
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
pub(super) struct Keyword {
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
    pub(super) fn find(&self, appid: &AppId, id: &str, subscribe: bool) -> Option<&Template> {
        let templates = self.by_app.get(appid)?;
        let is_meant = |known: &&Template| known.id == id && known.subscribe == subscribe;
        templates.iter().find(is_meant)
    }

    pub(super) fn add(
        &mut self,
        appid: &AppId,
        title: &str,
        content: &str,
        subscribe: bool,
    ) -> String {
        let id = random::text(43);
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

impl Sandbox {
    /// Adds a template for [template messages](crate::api::template::SendTemplateMessage) to an account's list
    /// and returns its id. `content` has a placeholder such as `{{thing1.DATA}}` for each keyword,
    /// whose value is checked by its type.
    pub fn add_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.official.templates.add(appid, title, content, false)
    }

    /// The same for [subscribe messages](crate::api::subscribe_message): as a template message it
    /// is refused with 40037.
    pub fn add_subscribe_template(&self, appid: &AppId, title: &str, content: &str) -> String {
        let mut state = self.state();
        state.official.templates.add(appid, title, content, true)
    }

    /// How many templates an account has.
    pub(in crate::sandbox) fn templates(&self, appid: &AppId) -> usize {
        let state = self.state();
        let templates = state.official.templates.by_app.get(appid);
        templates.map_or(0, Vec::len)
    }
}

impl State {
    /// `POST /cgi-bin/message/template/send`
    pub(super) fn send_template(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            touser: String,
            #[serde(default)]
            template_id: String,
            miniprogram: Option<MiniProgram>,
            client_msg_id: Option<String>,
            #[serde(default)]
            data: BTreeMap<String, Keyword>,
        }

        #[derive(Deserialize)]
        struct MiniProgram {
            #[serde(default)]
            appid: String,
        }

        let body: Body = call.json()?;
        let person = self.find_openid(&call.appid, &body.touser)?;
        let templates = &self.official.templates;
        let template = templates
            .find(&call.appid, &body.template_id, false)
            .ok_or(ErrCode::INVALID_TEMPLATE_ID)?
            .clone();
        if let Some(MiniProgram { appid }) = &body.miniprogram
            && self.account(appid).is_none()
        {
            return Err(ErrCode::INVALID_APPID.into());
        }
        let follows = self
            .person(person)
            .is_some_and(|person| person.follows(&call.appid));
        if !follows {
            return Err(ErrCode::NOT_FOLLOWING.into());
        }
        let relation = self.official.relations.of(&call.appid, person);
        let blocks = relation.blocks;
        if relation.blacklisted {
            return Err(ErrCode::RECIPIENT_BLACKLISTED.into());
        }
        template.check(&body.data)?;

        let templates = &mut self.official.templates;
        templates
            .sent
            .retain(|_, (_, at)| call.now.duration_since(*at).unwrap_or_default() < KNOWN);
        let key = body
            .client_msg_id
            .map(|id| (call.appid.clone(), person, id));
        let known = key.as_ref().and_then(|key| templates.sent.get(key));
        if let Some((msgid, _)) = known {
            return Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }));
        }
        let msgid = random::digits(19).parse().unwrap_or(u64::MAX);
        if let Some(key) = key {
            templates.sent.insert(key, (msgid, call.now));
        }
        let status = match blocks {
            true => "failed:user block",
            false => {
                self.show(call, &body.touser);
                "success"
            }
        };
        let push = Push::job_finished(call.appid.clone(), person, msgid, status);
        self.official.pending.add(push);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }))
    }
}
