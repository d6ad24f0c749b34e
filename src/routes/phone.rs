//! `POST getuserphone`: exchanges a code of the phone-number button for the number.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::caller::{Caller, required_secret};
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::api::miniprogram::phone::{GetPhoneNumber, PhoneCode};
use crate::client::Wechat;
use crate::secret::Secret;

/// Exchanges the code of a mini-program's `getPhoneNumber` button for the user's phone number.
///
/// The request is `{"source","appid","code"}`. The answer has `appid`, `purePhoneNumber`,
/// `phoneNumber` and `countryCode`. A code works once: after a timeout, ask the user to press the
/// button again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::PhoneService;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let phones = PhoneService::new(wechat).access_keys(["a key that only our services know"]);
/// let request = Request::post("/phone")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"source":"shop","appid":"wx3cc8fd6963e31a32","code":"x"}"#))?;
/// assert_eq!(phones.oneshot(request).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok(())
/// # }
/// ```
pub type PhoneService = JsonService<Phone>;

impl PhoneService {
    /// Creates a service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let runtime = wechat.runtime().clone();
        Self::from_route(Phone::new(wechat)).shared_runtime(runtime)
    }
}

/// The route of [`PhoneService`].
#[derive(Debug, Clone)]
pub struct Phone {
    wechat: Wechat,
}

impl Phone {
    pub(super) fn new(wechat: Wechat) -> Self {
        Self { wechat }
    }
}

/// The request of `getuserphone`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct PhoneRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    flow_id: Option<String>,
    code: Option<Secret>,
}

/// The answer of `getuserphone`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneAnswer {
    #[serde(rename = "flow_id", skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    pure_phone_number: String,
    phone_number: String,
    country_code: String,
}

/// Omits the phone number.
impl fmt::Debug for PhoneAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneAnswer")
            .field("appid", &self.appid)
            .field("country_code", &self.country_code)
            .finish_non_exhaustive()
    }
}

impl JsonRoute for Phone {
    const NAME: &'static str = "getuserphone";
    type Request = PhoneRequest;
    type Answer = PhoneAnswer;

    async fn answer(self, request: PhoneRequest) -> Result<PhoneAnswer, Failure> {
        let caller = Caller::check(request.source, request.appid, request.flow_id)?;
        let code = required_secret("code", request.code)?;

        let app = caller.app(&self.wechat)?;
        let answer = app.call(GetPhoneNumber::new(PhoneCode::new(code))).await;
        let answer = answer.map_err(|error| Failure::from_error(error, RetCode::PHONE))?;
        tracing::debug!(
            source = caller.source,
            appid = caller.appid,
            "read a phone number"
        );
        let info = answer.phone_info;
        Ok(PhoneAnswer {
            flow_id: caller.flow_id,
            appid: caller.appid,
            pure_phone_number: info.pure_phone_number,
            phone_number: info.phone_number,
            country_code: info.country_code,
        })
    }
}
