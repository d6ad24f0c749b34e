//! The user's phone number, by the code of the button `getPhoneNumber`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Watermark, limits};
use crate::api::{Endpoint, lenient};
use crate::app::AppId;
use crate::error::{Error, ErrorKind};
use crate::secret::{Secret, serialize_exposed};

/// The code that a button with `open-type="getPhoneNumber"` gives the client, as
/// `event.detail.code`. It works once, for five minutes. It is not a
/// [`LoginCode`](super::session::LoginCode), with which it is often confused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCode(Secret);

impl PhoneCode {
    /// Takes a code as the client sent it.
    pub fn new(code: impl Into<Secret>) -> Self {
        Self(code.into())
    }
}

impl From<String> for PhoneCode {
    fn from(code: String) -> Self {
        Self::new(code)
    }
}

impl From<&str> for PhoneCode {
    fn from(code: &str) -> Self {
        Self::new(code)
    }
}

/// Trades a phone code for the number. Source: 手机号快速验证 (`getPhoneNumber`).
///
/// It is never repeated: the code works once, and a number costs money. When the answer is lost,
/// ask the user to press the button again. An answer for another app than the one that calls is an
/// error of kind [`Answer`](ErrorKind::Answer).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::miniprogram::phone::{GetPhoneNumber, PhoneCode};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// # let code = sandbox.user("Hui").phone_code();
///
/// let app = wechat.app("wx3cc8fd6963e31a32")?;
/// let answer = app.call(GetPhoneNumber::new(PhoneCode::new(code))).await?;
/// assert_eq!(answer.phone_info.country_code, "86");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// 40029: the code is unknown, used, older than five minutes, or one of `wx.login`. 40013: it is
/// another app's.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetPhoneNumber {
    #[serde(serialize_with = "expose_code")]
    code: PhoneCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
}

impl GetPhoneNumber {
    /// The trade of a code.
    pub fn new(code: PhoneCode) -> Self {
        Self { code, openid: None }
    }

    /// Lets the platform check that the code is this user's.
    #[must_use]
    pub fn openid(mut self, openid: impl Into<String>) -> Self {
        self.openid = Some(openid.into());
        self
    }
}

fn expose_code<S: serde::Serializer>(code: &PhoneCode, serializer: S) -> Result<S::Ok, S::Error> {
    serialize_exposed(&code.0, serializer)
}

impl Endpoint for GetPhoneNumber {
    type Response = PhoneNumber;
    const PATH: &'static str = "/wxa/business/getuserphonenumber";

    fn check(&self) -> Result<(), Error> {
        limits::given("code", self.code.0.expose(), 1024)
    }

    fn check_answer(answer: &PhoneNumber, appid: &AppId) -> Result<(), Error> {
        if answer.phone_info.watermark.is_of(appid) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Answer,
            "the number was read for another app: its watermark.appid is not the caller's",
        ))
    }
}

/// The answer to [`GetPhoneNumber`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PhoneNumber {
    /// The number.
    pub phone_info: PhoneInfo,
}

/// A user's phone number; also what the older `encryptedData` of the button holds. Prints no
/// number: it is personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneInfo {
    /// The number; a foreign one begins with `+` and the code of its country.
    #[serde(deserialize_with = "lenient::required")]
    pub phone_number: String,
    /// The number without the code of its country.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub pure_phone_number: String,
    /// The code of the country, such as `86`.
    #[serde(default, deserialize_with = "lenient::digits")]
    pub country_code: String,
    /// For whom the platform read the number, and when.
    pub watermark: Watermark,
}

impl fmt::Debug for PhoneInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneInfo")
            .field("country_code", &self.country_code)
            .field("watermark", &self.watermark)
            .finish_non_exhaustive()
    }
}
