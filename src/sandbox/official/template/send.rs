//! `POST /cgi-bin/message/template/send`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::kept::{Keyword, Templates};
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::customer_service::Chats;
use crate::sandbox::directory::Directory;
use crate::sandbox::official::relation::Relations;
use crate::sandbox::push::{Pending, Push};
use crate::sandbox::random;

/// How long the platform deduplicates messages by client_msg_id.
const KNOWN: Duration = Duration::from_secs(600);

impl Templates {
    /// `POST /cgi-bin/message/template/send`
    pub(in crate::sandbox) fn send(
        &mut self,
        directory: &Directory,
        relations: &mut Relations,
        chats: &mut Chats,
        pending: &mut Pending,
        call: &Call<'_>,
    ) -> Answer {
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
        let person = directory.find_openid(&call.appid, &body.touser)?;
        let template = self
            .find(&call.appid, &body.template_id, false)
            .ok_or(ErrCode::INVALID_TEMPLATE_ID)?
            .clone();
        if let Some(MiniProgram { appid }) = &body.miniprogram
            && directory.account(appid).is_none()
        {
            return Err(ErrCode::INVALID_APPID.into());
        }
        let follows = directory
            .person(person)
            .is_some_and(|person| person.follows(&call.appid));
        if !follows {
            return Err(ErrCode::NOT_FOLLOWING.into());
        }
        let relation = relations.of(&call.appid, person);
        let blocks = relation.blocks();
        if relation.is_blacklisted() {
            return Err(ErrCode::RECIPIENT_BLACKLISTED.into());
        }
        template.check(&body.data)?;

        self.sent
            .retain(|_, (_, at)| call.now.duration_since(*at).unwrap_or_default() < KNOWN);
        let key = body
            .client_msg_id
            .map(|id| (call.appid.clone(), person, id));
        let known = key.as_ref().and_then(|key| self.sent.get(key));
        if let Some((msgid, _)) = known {
            return Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }));
        }
        let msgid = random::digits(19).parse().unwrap_or(u64::MAX);
        if let Some(key) = key {
            self.sent.insert(key, (msgid, call.now));
        }
        let status = match blocks {
            true => "failed:user block",
            false => {
                chats.show(call, person);
                "success"
            }
        };
        let push = Push::job_finished(call.appid.clone(), person, msgid, status);
        pending.add(push);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "msgid": msgid }))
    }
}
