//! The calls that return an account's information about its users.

use serde::Deserialize;
use serde_json::{Value, json};

use super::relation::Relations;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;
use crate::sandbox::directory::Directory;
use crate::sandbox::refusal::Refused;

impl Relations {
    /// `GET /cgi-bin/user/info`
    pub(in crate::sandbox) fn user_info(
        &mut self,
        directory: &Directory,
        call: &Call<'_>,
    ) -> Answer {
        let openid = call.query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        Ok(self.document(directory, &call.appid, openid)?)
    }

    /// `POST /cgi-bin/user/info/batchget`
    pub(in crate::sandbox) fn user_infos(
        &mut self,
        directory: &Directory,
        call: &Call<'_>,
    ) -> Answer {
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
            .map(|asked| self.document(directory, &call.appid, &asked.openid))
            .collect();
        Ok(json!({ "user_info_list": list? }))
    }

    fn document(
        &mut self,
        directory: &Directory,
        appid: &AppId,
        openid: &str,
    ) -> Result<Value, ErrCode> {
        let id = directory.find_openid(appid, openid)?;
        let person = directory.person(id).ok_or(ErrCode::INVALID_OPENID)?;
        if !person.follows(appid) {
            return Ok(json!({ "subscribe": 0, "openid": openid, "unionid": person.unionid }));
        }
        let unionid = person.unionid.clone();
        let relation = self.of(appid, id);
        let scene = relation.scene.as_deref();
        // The scene's type is not kept: a scene that parses as a number is reported as a number.
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

    /// `POST /cgi-bin/user/info/updateremark`
    pub(in crate::sandbox) fn update_remark(
        &mut self,
        directory: &Directory,
        call: &Call<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            openid: String,
            remark: String,
        }

        let body: Body = call.json()?;
        let person = directory.find_openid(&call.appid, &body.openid)?;
        if body.remark.chars().count() >= 30 {
            return Err(Refused::new(40035, "invalid remark length"));
        }
        self.of(&call.appid, person).remark = body.remark;
        done()
    }
}
