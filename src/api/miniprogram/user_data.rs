//! The encrypted data that `wx.getUserProfile`, `wx.getWeRunData` and similar calls return to the
//! client, for its server. Source: 开放数据校验与解密.

use std::fmt;

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::session::SessionKey;
use super::{Watermark, limits};
use crate::api::salvage::Fault;
use crate::api::{json, lenient};
use crate::app::AppId;
use crate::error::Error;

/// The maximum length of a ciphertext, in bytes.
const MAX_LEN: usize = 1 << 20;

/// A user's data as the client received it. It deserializes from the client's JSON.
///
/// ```
/// use tower_wechat::api::miniprogram::session::SessionKey;
/// use tower_wechat::api::miniprogram::user_data::{EncryptedData, UserProfile};
/// # use tower_wechat::api::miniprogram::session::{CodeToSession, LoginCode};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app("wx3cc8fd6963e31a32")?;
/// # let user = sandbox.user("Hui");
/// # let session = app.call(CodeToSession::new(LoginCode::new(user.login_code()))).await?;
/// # let key: SessionKey = session.session_key;
/// # let body = user.encrypted_data(r#"{"nickName":"Hui"}"#).unwrap_or_default();
///
/// let data: EncryptedData = serde_json::from_str(&body)?; // {"encryptedData":"…","iv":"…"}
/// let profile: UserProfile = data.decrypt(&key, app.appid())?;
/// assert_eq!(profile.nick_name, "Hui");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Serialize, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EncryptedData {
    /// The ciphertext, in base64.
    pub encrypted_data: String,
    /// The initialization vector: base64 of 16 bytes.
    pub iv: String,
}

impl EncryptedData {
    /// Creates the data from its two parts.
    pub fn new(encrypted_data: impl Into<String>, iv: impl Into<String>) -> Self {
        Self {
            encrypted_data: encrypted_data.into(),
            iv: iv.into(),
        }
    }

    /// Decrypts the data and checks by its watermark that it belongs to this app.
    ///
    /// The data of a user must have a watermark, such as [`UserProfile`] and
    /// [`PhoneInfo`](super::phone::PhoneInfo). The data of a group, a chat or a share has none,
    /// such as [`GroupInfo`].
    ///
    /// # Errors
    /// - [`ErrorKind::Session`](crate::ErrorKind::Session) if the key does not decrypt the data. It
    ///   is usually an older key, because the client has called `wx.login` again.
    /// - [`ErrorKind::Input`](crate::ErrorKind::Input) if a part is not base64 of the right length.
    ///   The field is `watermark.appid` if the data belongs to another app, and `encryptedData` if
    ///   it is not a `T`.
    pub fn decrypt<T: DeserializeOwned>(&self, key: &SessionKey, app: &AppId) -> Result<T, Error> {
        let text = self.decrypt_text(key)?;
        // A wrong key can yield valid padding by chance. The bytes are not JSON then.
        let Ok(Marked { watermark }) = json::parse(&text) else {
            return Err(stale());
        };
        if watermark.is_some_and(|appid| appid.0.as_deref() != Some(app.as_str())) {
            return Err(Error::input(
                "watermark.appid",
                "belongs to another app: the data was made for a client of that app",
            ));
        }
        json::parse(&text).map_err(|fault| {
            let field = match fault {
                Fault::Field(field) => format!(": its field {field} is missing"),
                _ => String::new(),
            };
            let message = "has unexpected fields: another call of the client made it";
            Error::input("encryptedData", format!("{message}{field}"))
        })
    }

    fn decrypt_text(&self, key: &SessionKey) -> Result<Vec<u8>, Error> {
        limits::given("encryptedData", &self.encrypted_data, MAX_LEN)?;
        let wrong = |field| Error::input(field, "is not base64: pass it on unchanged");
        let iv = STANDARD.decode(&self.iv).map_err(|_| wrong("iv"))?;
        let iv: [u8; 16] = iv
            .try_into()
            .map_err(|_| Error::input("iv", "must be base64 of 16 bytes"))?;
        let data = STANDARD.decode(&self.encrypted_data);
        let mut data = data.map_err(|_| wrong("encryptedData"))?;
        // Padded to 16 bytes as usual, unlike a push, which is padded to 32.
        cbc::Decryptor::<Aes128>::new(&key.bytes()?.into(), &iv.into())
            .decrypt_padded::<Pkcs7>(&mut data)
            .map(<[u8]>::to_vec)
            .map_err(|_| stale())
    }
}

/// Any data. A watermark of an unexpected form belongs to no app, so it never matches.
#[derive(Deserialize)]
struct Marked {
    #[serde(default, deserialize_with = "mark")]
    watermark: Option<Mark>,
}

/// The appid in a watermark, if there is one.
struct Mark(Option<String>);

fn mark<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mark>, D::Error> {
    let mark = serde_json::Value::deserialize(deserializer)?;
    let appid = mark.get("appid").and_then(|appid| appid.as_str());
    Ok(Some(Mark(appid.map(str::to_owned))))
}

fn stale() -> Error {
    Error::session("the session_key does not decrypt encryptedData")
}

/// Omits the content.
impl fmt::Debug for EncryptedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedData({} bytes)", self.encrypted_data.len())
    }
}

/// A user's profile. Since 2022 the platform returns only the nickname `微信用户` and a grey
/// picture, and leaves the rest empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserProfile {
    /// The user's id in this mini-program. Some calls omit it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub open_id: Option<String>,
    /// The nickname.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub nick_name: String,
    /// 0: unknown, 1: male, 2: female.
    #[serde(default, deserialize_with = "lenient::number")]
    pub gender: u8,
    /// The language of the place names.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub language: String,
    /// The city.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub city: String,
    /// The province.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub province: String,
    /// The country.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub country: String,
    /// The URL of the picture.
    #[serde(default, deserialize_with = "lenient::text")]
    pub avatar_url: Option<String>,
    /// The user's id across all apps of one Open Platform account.
    #[serde(default, deserialize_with = "lenient::text")]
    pub union_id: Option<String>,
    /// The app that the platform read the data for, and the time.
    pub watermark: Watermark,
}

/// A group or a chat. It has no watermark. Source: wx.getGroupEnterInfo, wx.getShareInfo,
/// wx.getChatToolInfo.
///
/// ```
/// use tower_wechat::api::miniprogram::user_data::GroupInfo;
///
/// let group: GroupInfo = serde_json::from_str(r#"{"opengid":"tGTEST","chat_type":3}"#)?;
/// assert_eq!((group.open_gid.as_deref(), group.chat_type), (Some("tGTEST"), Some(3)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupInfo {
    /// The group's id in this mini-program, or `None` for a chat of two users.
    #[serde(
        default,
        rename = "openGId",
        alias = "opengid",
        alias = "open_gid",
        deserialize_with = "lenient::text"
    )]
    pub open_gid: Option<String>,
    /// The id of a chat of two users, in this mini-program.
    #[serde(default, deserialize_with = "lenient::text")]
    pub open_single_roomid: Option<String>,
    /// The platform's number for the kind of chat.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub chat_type: Option<u64>,
}
