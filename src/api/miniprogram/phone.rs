//! The user's phone number, from the code of a `getPhoneNumber` button.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Watermark, limits};
use crate::api::{Endpoint, lenient};
use crate::app::AppId;
use crate::error::{Error, ErrorKind};
use crate::secret::{Secret, serialize_exposed};

/// The code that a button with `open-type="getPhoneNumber"` returns to the client, as
/// `event.detail.code`.
///
/// It works once, within five minutes. Do not confuse it with a
/// [`LoginCode`](super::session::LoginCode).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneCode(Secret);

impl PhoneCode {
    /// Wraps a code from the client.
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

/// Exchanges a phone code for the number. Source: 手机号快速验证 (`getPhoneNumber`).
///
/// The call is never repeated, because the code works once and each number costs money. If the
/// response is lost, ask the user to press the button again.
///
/// A response for another app than the calling one is an error of kind
/// [`Answer`](ErrorKind::Answer).
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
/// - 40029: the code is unknown, used, older than five minutes, or from `wx.login`.
/// - 40013: the code belongs to another app.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetPhoneNumber {
    #[serde(serialize_with = "expose_code")]
    code: PhoneCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
}

impl GetPhoneNumber {
    /// Creates the call for a code.
    pub fn new(code: PhoneCode) -> Self {
        Self { code, openid: None }
    }

    /// Makes the platform check that the code belongs to this user.
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
            "the number belongs to another app: its watermark.appid is not the caller's",
        ))
    }
}

/// The response to [`GetPhoneNumber`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PhoneNumber {
    /// The number.
    pub phone_info: PhoneInfo,
}

/// A user's phone number. The older `encryptedData` of the button decrypts to it, too.
///
/// `Debug` omits the number, because it is personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneInfo {
    /// The number. A foreign number begins with `+` and its country code.
    #[serde(deserialize_with = "lenient::required")]
    pub phone_number: String,
    /// The number without its country code.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub pure_phone_number: String,
    /// The country code, such as `86`.
    #[serde(default, deserialize_with = "lenient::digits")]
    pub country_code: String,
    /// The app that the platform read the number for, and the time.
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
