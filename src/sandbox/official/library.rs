//! The templates of an account, and its industries.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, done};
use crate::error::ErrCode;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;

const TEMPLATES_MAX: usize = 25;
/// How long an account keeps its industries.
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

impl State {
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
