//! Template messages and templates.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, done};
use crate::api::keyword;
use crate::api::template::keywords_of;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::account::PersonId;
use crate::sandbox::push::Push;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;
use crate::sandbox::{Sandbox, random};

const TEMPLATES_MAX: usize = 25;
/// How long the platform knows a message by its client_msg_id.
const KNOWN: Duration = Duration::from_secs(600);
/// How long an account keeps its industries.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Debug, Default)]
pub(super) struct Templates {
    by_app: HashMap<AppId, Vec<Template>>,
    industries: HashMap<AppId, (String, String, SystemTime)>,
    sent: HashMap<(AppId, PersonId, String), (u64, SystemTime)>,
}

#[derive(Debug, Clone)]
pub(super) struct Template {
    id: String,
    title: String,
    content: String,
    subscribe: bool,
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

    fn add(&mut self, appid: &AppId, title: &str, content: &str, subscribe: bool) -> String {
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
    /// Adds a template for [template messages](crate::api::template::Send) to an account's list
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
        let blocks = self.official.relations.of(&call.appid, person).blocks;
        let status = match blocks {
            true => "failed:user block",
            false => "success",
        };
        let push = Push::job_finished(call.appid.clone(), person, msgid, status);
        self.official.pending.add(push);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }))
    }

    /// `POST /cgi-bin/template/api_add_template`: the library has every number.
    pub(super) fn add_library_template(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            template_id_short: String,
            #[serde(default)]
            keyword_name_list: Vec<String>,
        }

        let body: Body = call.json()?;
        let known = |c: char| c.is_ascii_alphanumeric();
        if body.template_id_short.is_empty() || !body.template_id_short.chars().all(known) {
            return Err(ErrCode::INVALID_TEMPLATE_ID.into());
        }
        let templates = &mut self.official.templates;
        let of_app = templates.by_app.get(&call.appid);
        let count = of_app.map_or(0, |all| all.iter().filter(|one| !one.subscribe).count());
        if count >= TEMPLATES_MAX {
            return Err(ErrCode::TEMPLATES_FULL.into());
        }
        let placeholders = body.keyword_name_list.iter().enumerate();
        let content: String = placeholders
            .map(|(index, name)| format!("{name}:{{{{thing{}.DATA}}}}\n", index + 1))
            .collect();
        let title = format!("模板 {}", body.template_id_short);
        let id = templates.add(&call.appid, &title, &content, false);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "template_id": id }))
    }

    /// `POST /cgi-bin/template/del_private_template`
    pub(super) fn delete_template(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            template_id: String,
        }

        let body: Body = call.json()?;
        let templates = self.official.templates.by_app.entry(call.appid.clone());
        let templates = templates.or_default();
        let before = templates.len();
        templates.retain(|template| template.id != body.template_id);
        match templates.len() < before {
            true => done(),
            false => Err(ErrCode::INVALID_TEMPLATE_ID.into()),
        }
    }

    /// `GET /cgi-bin/template/get_all_private_template`
    pub(super) fn list_templates(&mut self, call: &Call<'_>) -> Answer {
        let templates = self.official.templates.by_app.get(&call.appid);
        let templates = templates.into_iter().flatten();
        let list: Vec<Value> = templates
            .filter(|template| !template.subscribe)
            .map(|template| {
                json!({
                    "template_id": template.id,
                    "title": template.title,
                    "primary_industry": "IT科技",
                    "deputy_industry": "互联网|电子商务",
                    "content": template.content,
                    "example": "",
                })
            })
            .collect();
        Ok(json!({ "template_list": list }))
    }

    /// `POST /cgi-bin/template/api_set_industry`: once a month.
    pub(super) fn set_industry(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            industry_id1: String,
            industry_id2: String,
        }

        let body: Body = call.json()?;
        let industries = &mut self.official.templates.industries;
        let last = industries.get(&call.appid).map(|(_, _, at)| *at);
        let too_soon = |at| call.now.duration_since(at).unwrap_or_default() < MONTH;
        if last.is_some_and(too_soon) {
            return Err(Refused::new(43100, "change template too frequently"));
        }
        let chosen = (body.industry_id1, body.industry_id2, call.now);
        industries.insert(call.appid.clone(), chosen);
        done()
    }

    /// `GET /cgi-bin/template/get_industry`
    pub(super) fn industry(&mut self, call: &Call<'_>) -> Answer {
        let chosen = self.official.templates.industries.get(&call.appid);
        let (first, second) = chosen.map_or(("1", "2"), |(first, second, _)| (first, second));
        let named = |id: &str| json!({ "first_class": "行业", "second_class": id });
        Ok(json!({ "primary_industry": named(first), "secondary_industry": named(second) }))
    }
}
