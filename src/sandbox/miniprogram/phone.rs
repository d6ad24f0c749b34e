//! Phone numbers.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;

use super::trade::{Codes, Untradable};
use crate::app::AppId;
use crate::clock::unix;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::directory::{Directory, PersonId};

/// The codes from the phone-number button.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Phones(Codes);

impl Phones {
    /// Issues a code, as the button does.
    pub(in crate::sandbox) fn code(
        &mut self,
        appid: &AppId,
        person: PersonId,
        now: SystemTime,
    ) -> String {
        self.0.mint(appid, person, now)
    }

    /// `POST /wxa/business/getuserphonenumber`
    pub(in crate::sandbox) fn number(
        &mut self,
        directory: &mut Directory,
        call: &Call<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            code: String,
            openid: Option<String>,
        }

        let appid = &call.appid;
        let Body { code, openid } = call.json_or_malformed()?;
        let traded = self.0.trade(&code, appid, call.now);
        let person = traded.map_err(|why| match why {
            Untradable::Foreign => ErrCode::INVALID_APPID,
            _ => ErrCode::INVALID_CODE,
        })?;
        let person = directory.person_mut(person).ok_or(ErrCode::SYSTEM_BUSY)?;
        if openid.is_some_and(|openid| openid != person.openid(appid)) {
            return Err(ErrCode::INVALID_OPENID.into());
        }
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": person.phone,
                "purePhoneNumber": person.phone,
                "countryCode": "86",
                "watermark": { "timestamp": unix(call.now), "appid": appid },
            },
        }))
    }
}
