//! The calls that grant app tokens.

use serde::Deserialize;

use super::life::AppTokens;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::OpenCall;
use crate::sandbox::directory::Directory;
use crate::sandbox::issued::Issued;

impl AppTokens {
    /// `GET /cgi-bin/token`
    pub(in crate::sandbox) fn grant_classic(
        &mut self,
        directory: &Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Answer {
        let query = call.query;
        if query.get("grant_type") != Some("client_credential") {
            return Err(ErrCode::INVALID_GRANT_TYPE.into());
        }
        let appid = directory.check_secret(query.get("appid"), query.get("secret"))?;
        self.classic(&appid, call.now, issued)
    }

    /// `POST /cgi-bin/stable_token`
    pub(in crate::sandbox) fn grant_stable(
        &mut self,
        directory: &Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            grant_type: String,
            appid: Option<String>,
            secret: Option<String>,
            #[serde(default)]
            force_refresh: bool,
        }

        let body: Body = call.json_or_malformed()?;
        if body.grant_type != "client_credential" {
            return Err(ErrCode::INVALID_GRANT_TYPE.into());
        }
        let appid = directory.check_secret(body.appid.as_deref(), body.secret.as_deref())?;
        self.stable(&appid, body.force_refresh, call.now, issued)
    }
}
