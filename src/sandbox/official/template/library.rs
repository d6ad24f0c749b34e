//! The calls that manage an account's templates.

use serde::Deserialize;
use serde_json::{Value, json};

use super::kept::Templates;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;

const TEMPLATES_MAX: usize = 25;

impl Templates {
    /// `POST /cgi-bin/template/api_add_template`: every template number exists in the library.
    pub(in crate::sandbox) fn add_from_library(&mut self, call: &Call<'_>) -> Answer {
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
        let of_app = self.by_app.get(&call.appid);
        let count = of_app.map_or(0, |all| all.iter().filter(|one| !one.subscribe).count());
        if count >= TEMPLATES_MAX {
            return Err(ErrCode::TEMPLATES_FULL.into());
        }
        let placeholders = body.keyword_name_list.iter().enumerate();
        let content: String = placeholders
            .map(|(index, name)| format!("{name}:{{{{thing{}.DATA}}}}\n", index + 1))
            .collect();
        let title = format!("模板 {}", body.template_id_short);
        let id = self.add(&call.appid, &title, &content, false);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "template_id": id }))
    }

    /// `POST /cgi-bin/template/del_private_template`
    pub(in crate::sandbox) fn delete(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            template_id: String,
        }

        let body: Body = call.json()?;
        let templates = self.by_app.entry(call.appid.clone());
        let templates = templates.or_default();
        let before = templates.len();
        templates.retain(|template| template.id != body.template_id);
        match templates.len() < before {
            true => done(),
            false => Err(ErrCode::INVALID_TEMPLATE_ID.into()),
        }
    }

    /// `GET /cgi-bin/template/get_all_private_template`
    pub(in crate::sandbox) fn list(&self, call: &Call<'_>) -> Answer {
        let templates = self.by_app.get(&call.appid);
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
}
