//! Calls to the platform. Each request type is an [`Endpoint`].
//!
//! Make a call through an [`App`](crate::App). It adds the credential, repeats calls that are safe
//! to repeat, and turns a refusal into an [`Error`]:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_wechat::Error> {
//! use tower_wechat::api::network::GetCallbackIp;
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! # let appid = sandbox.appid();
//!
//! let app = wechat.app(appid.as_str())?;
//! let sources = app.call(GetCallbackIp::new()).await?;
//! assert!(!sources.ip_list.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! A call that this crate does not provide takes about a dozen lines: see [`Endpoint`].

pub mod customer_service;
mod done;
mod encode;
mod errcode;
mod image;
mod json;
pub(crate) mod keyword;
pub(crate) mod lenient;
mod limit;
pub mod menu;
pub mod miniprogram;
pub mod network;
pub mod oauth;
mod outcome;
pub mod qrcode;
pub mod quota;
mod salvage;
pub mod shorten;
pub mod subscribe_message;
pub mod template;
mod templated;
pub mod ticket;
pub mod token;
mod upload;
pub mod user;
mod wire;

pub use self::done::Done;
pub(crate) use self::encode::{Encoded, encode};
pub use self::image::{Image, ImageFormat};
pub(crate) use self::json::{Verdict, verdict};
pub use self::upload::Upload;
pub(crate) use self::wire::text as text_of;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::AppId;
use crate::error::Error;

/// A host that serves the platform's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Host {
    /// `api.weixin.qq.com`, which serves nearly every call.
    #[default]
    Api,
    /// `mp.weixin.qq.com`, which serves the images of QR codes.
    Mp,
}

/// A call to the platform.
///
/// The implementing type is the request. Its fields are the query of a `GET` and the JSON body of a
/// `POST`. A `POST` can also have a [`query`](Self::query), or [upload](Self::upload) a file.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use tower_wechat::api::Endpoint;
///
/// /// 获取标签下粉丝列表
/// #[derive(Serialize)]
/// struct FollowersByTag {
///     tagid: u32,
///     next_openid: String,
/// }
///
/// #[derive(Deserialize)]
/// struct Followers {
///     count: u32,
///     next_openid: String,
/// }
///
/// impl Endpoint for FollowersByTag {
///     type Response = Followers;
///     const PATH: &'static str = "/cgi-bin/user/tag/get";
///     const REPEATABLE: bool = true; // it only reads
/// }
/// ```
pub trait Endpoint: Serialize + Send + Sync {
    /// The response of the platform.
    type Response: Answer;

    /// The path, with a leading slash. It also identifies the call in spans and errors.
    const PATH: &'static str;

    /// The HTTP method: `POST` with a JSON body, or `GET` with the fields in the query.
    const METHOD: Method = Method::POST;

    /// The credential that the client adds.
    const AUTH: Auth = Auth::AccessToken;

    /// The host that serves the call.
    const HOST: Host = Host::Api;

    /// Whether the call may be repeated if it is unknown whether the platform acted on it. It must
    /// be `false` for a call that sends something to a user.
    const REPEATABLE: bool = false;

    /// Returns whether this call may be repeated. Defaults to [`REPEATABLE`](Self::REPEATABLE).
    ///
    /// Implement it if that depends on the fields. For example, a message may be repeated if it has
    /// an id by which the platform recognizes duplicates.
    fn repeatable(&self) -> bool {
        Self::REPEATABLE
    }

    /// Returns query parameters besides the credential and the fields of a `GET`.
    ///
    /// Put `#[serde(skip)]` on a field of a `POST` that goes into the query, to keep it out of the
    /// body.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Returns the file that a `POST` sends as `multipart/form-data` instead of the JSON body.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use tower_wechat::api::{Endpoint, Upload};
    ///
    /// /// 新增临时素材
    /// #[derive(Serialize)]
    /// struct UploadImage {
    ///     jpeg: Vec<u8>,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Uploaded {
    ///     media_id: String,
    /// }
    ///
    /// impl Endpoint for UploadImage {
    ///     type Response = Uploaded;
    ///     const PATH: &'static str = "/cgi-bin/media/upload";
    ///
    ///     fn query(&self) -> Vec<(&'static str, String)> {
    ///         vec![("type", "image".to_owned())]
    ///     }
    ///
    ///     fn upload(&self) -> Option<Upload> {
    ///         Some(Upload::new("image.jpg", "image/jpeg", self.jpeg.clone()))
    ///     }
    /// }
    /// ```
    fn upload(&self) -> Option<Upload> {
        None
    }

    /// Checks the platform's limits before anything is sent.
    ///
    /// # Errors
    /// Returns [`Error::input`] with the field, its limit and what to do.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Checks a response against the calling app, before the caller gets it.
    ///
    /// # Errors
    /// Returns an error if the response is not for this app.
    fn check_answer(_answer: &Self::Response, _appid: &AppId) -> Result<(), Error> {
        Ok(())
    }
}

/// The credential that the client adds to an [`Endpoint`]'s request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// None. The request contains its own credential, or needs none.
    None,
    /// `appid=` in the query.
    AppId,
    /// `appid=` and `secret=` in the query.
    AppSecret,
    /// The app's `access_token=` in the query. A rejected token is replaced, and the call repeated
    /// once.
    AccessToken,
}

/// A response body of the platform.
///
/// Any `Deserialize` type is read from a JSON object. An errcode other than 0 in it is a refusal,
/// regardless of other fields. Without an errcode, the type's required fields decide whether the
/// object is a valid response.
///
/// For a call that returns only an errcode, use [`Done`] as the [`Response`](Endpoint::Response). A
/// type without required fields would accept every object as success. An [`Image`] is distinguished
/// from a refusal by its bytes.
pub trait Answer: Sized + Send + 'static {
    /// Decodes the body of a successful HTTP exchange.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Platform`](crate::ErrorKind::Platform) if the body is a refusal, and
    /// [`ErrorKind::Answer`](crate::ErrorKind::Answer) if it is neither a refusal nor the expected
    /// response.
    fn decode(body: &Bytes) -> Result<Self, Error>;

    /// Reads the body once it is known that it is no refusal. Does the same as
    /// [`decode`](Self::decode) unless it is implemented.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn decode_accepted(body: &Bytes) -> Result<Self, Error> {
        Self::decode(body)
    }
}

impl<T: DeserializeOwned + Send + 'static> Answer for T {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        json::decode(body)
    }

    fn decode_accepted(body: &Bytes) -> Result<Self, Error> {
        json::accepted(body)
    }
}
