//! What an account knows of its followers.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Official, done};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::User;
use crate::sandbox::account::PersonId;
use crate::sandbox::refusal::Refused;
use crate::sandbox::state::State;

const PAGE: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Relations(HashMap<(AppId, PersonId), Relation>);

/// What there is between an account and a user.
#[derive(Debug, Default)]
pub(super) struct Relation {
    remark: String,
    since: u64,
    scene: Option<String>,
    /// Whether the user is on the account's blacklist.
    pub(super) blacklisted: bool,
    /// Whether the user refuses the account's messages.
    pub(super) blocks: bool,
    /// How many subscribe messages the user allows, by template.
    pub(super) allowed: BTreeMap<String, u32>,
}

impl Relations {
    pub(super) fn of(&mut self, appid: &AppId, person: PersonId) -> &mut Relation {
        self.0.entry((appid.clone(), person)).or_default()
    }
}

impl Official {
    /// Notes how a user came to follow.
    pub(in crate::sandbox) fn followed(
        &mut self,
        appid: &AppId,
        person: PersonId,
        scene: Option<&str>,
        now: u64,
    ) {
        let relation = self.relations.of(appid, person);
        relation.since = now;
        relation.scene = scene.map(str::to_owned);
    }
}

impl State {
    /// The user of an openid of an account.
    pub(super) fn find_openid(&self, appid: &AppId, openid: &str) -> Result<PersonId, ErrCode> {
        let mut people = self.people().iter();
        let index = people.position(|person| person.is_known_as(openid, appid));
        index.map(PersonId).ok_or(ErrCode::INVALID_OPENID)
    }

    /// `GET /cgi-bin/user/info`
    pub(super) fn user_of_account(&mut self, call: &Call<'_>) -> Answer {
        let openid = call.query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        Ok(self.user_document(&call.appid, openid)?)
    }

    /// `POST /cgi-bin/user/info/batchget`
    pub(super) fn users_of_account(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            user_list: Vec<Asked>,
        }

        #[derive(Deserialize)]
        struct Asked {
            openid: String,
        }

        let body: Body = call.json()?;
        if !(1..=100).contains(&body.user_list.len()) {
            return Err(Refused::new(40032, "invalid openid list size"));
        }
        let list: Result<Vec<Value>, ErrCode> = body
            .user_list
            .iter()
            .map(|asked| self.user_document(&call.appid, &asked.openid))
            .collect();
        Ok(json!({ "user_info_list": list? }))
    }

    fn user_document(&mut self, appid: &AppId, openid: &str) -> Result<Value, ErrCode> {
        let id = self.find_openid(appid, openid)?;
        let person = self.person(id).ok_or(ErrCode::INVALID_OPENID)?;
        if !person.follows(appid) {
            return Ok(json!({ "subscribe": 0, "openid": openid, "unionid": person.unionid }));
        }
        let unionid = person.unionid.clone();
        let relation = self.official.relations.of(appid, id);
        let scene = relation.scene.as_deref();
        let number: Option<u32> = scene.and_then(|scene| scene.parse().ok());
        Ok(json!({
            "subscribe": 1,
            "openid": openid,
            "language": "zh_CN",
            "subscribe_time": relation.since,
            "unionid": unionid,
            "remark": relation.remark,
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": match scene {
                Some(_) => "ADD_SCENE_QR_CODE",
                None => "ADD_SCENE_SEARCH",
            },
            "qr_scene": number.unwrap_or_default(),
            "qr_scene_str": match number {
                Some(_) => "",
                None => scene.unwrap_or_default(),
            },
        }))
    }

    /// `GET /cgi-bin/user/get`
    pub(super) fn followers(&mut self, call: &Call<'_>) -> Answer {
        let ids = (0..self.people().len()).map(PersonId);
        let mut openids = Vec::new();
        for id in ids {
            if let Some(person) = self.person_mut(id)
                && person.follows(&call.appid)
            {
                openids.push(person.openid(&call.appid));
            }
        }
        openids.sort();
        let total = openids.len();
        let after = call.query.get("next_openid").unwrap_or_default();
        let rest = openids.into_iter().filter(|openid| openid.as_str() > after);
        let page: Vec<String> = rest.take(PAGE).collect();
        Ok(match page.last() {
            Some(last) => json!({
                "total": total,
                "count": page.len(),
                "next_openid": last,
                "data": { "openid": page },
            }),
            None => json!({ "total": total, "count": 0, "next_openid": "" }),
        })
    }

    /// `POST /cgi-bin/user/info/updateremark`
    pub(super) fn update_remark(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            openid: String,
            remark: String,
        }

        let body: Body = call.json()?;
        let person = self.find_openid(&call.appid, &body.openid)?;
        if body.remark.chars().count() >= 30 {
            return Err(Refused::new(40035, "invalid remark length"));
        }
        self.official.relations.of(&call.appid, person).remark = body.remark;
        done()
    }
}

impl User {
    /// Puts the user on the account's blacklist (黑名单), or takes the user off it: a template
    /// message to whoever is on it is refused with 43019.
    pub fn set_blacklisted(&self, blacklisted: bool) {
        let mut state = self.sandbox().state();
        let relation = state.official.relations.of(self.appid(), self.person());
        relation.blacklisted = blacklisted;
    }
}
