//! The platform's calls: one file an area, and the request type *is* the endpoint.
//!
//! A call is made through an [`App`](crate::App), which adds the credential, repeats what is safe
//! to repeat and turns a refusal into an [`Error`]:
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
//! A call that is not shipped takes a dozen lines in the host's own crate: see [`Endpoint`].

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

/// One of the platform's hosts for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Host {
    /// `api.weixin.qq.com`: nearly every call.
    #[default]
    Api,
    /// `mp.weixin.qq.com`: the images of QR codes.
    Mp,
}

/// A call of the platform. The implementing type is the request: its fields are the query of a
/// `GET` and the JSON body of a `POST`. A `POST` may have a [`query`](Self::query) as well, or
/// [upload](Self::upload) a file.
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
    /// What the platform answers.
    type Response: Answer;

    /// The path, with a leading slash. It also names the call in spans and errors.
    const PATH: &'static str;

    /// `POST` with a JSON body, or `GET` with the fields in the query.
    const METHOD: Method = Method::POST;

    /// The credential that the client adds.
    const AUTH: Auth = Auth::AccessToken;

    /// The host that serves the call.
    const HOST: Host = Host::Api;

    /// Whether the call may be repeated when it is not known whether the platform acted on it. A
    /// call that sends something to a user must leave this `false`.
    const REPEATABLE: bool = false;

    /// Whether this call may be repeated: [`REPEATABLE`](Self::REPEATABLE), unless it depends on
    /// the fields, as of a message with an id by which the platform knows a second one.
    fn repeatable(&self) -> bool {
        Self::REPEATABLE
    }

    /// What stands in the query beside the credential and the fields of a `GET`. A field that the
    /// query holds is left out of the body of a `POST` by `#[serde(skip)]`.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The file that a `POST` sends as `multipart/form-data`, in place of the fields as JSON.
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

    /// Checks the limits of the platform before anything is sent.
    ///
    /// # Errors
    /// [`Error::input`], naming the field, its limit and what to do.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Checks an answer against the app that called, before the caller sees it.
    ///
    /// # Errors
    /// When the answer is not this app's.
    fn check_answer(_answer: &Self::Response, _appid: &AppId) -> Result<(), Error> {
        Ok(())
    }
}

/// The credential that an [`Endpoint`] is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// None: the request carries its own.
    None,
    /// `appid=` in the query.
    AppId,
    /// `appid=` and `secret=` in the query.
    AppSecret,
    /// The app's `access_token=` in the query; a dead one is replaced and the call made once more.
    AccessToken,
}

/// A body that the platform answers with.
///
/// Any `Deserialize` type is read from a JSON object. An errcode other than 0 in it is a refusal,
/// whatever stands beside it; without an errcode, the required fields of the type decide whether the
/// object is an answer. A call that answers with nothing but an errcode has [`Done`] as its
/// [`Response`](Endpoint::Response): a type whose fields may all be missing takes every object for
/// success. An [`Image`] is told from a refusal by its bytes.
pub trait Answer: Sized + Send + 'static {
    /// Reads the body of a successful HTTP exchange.
    ///
    /// # Errors
    /// [`ErrorKind::Platform`](crate::ErrorKind::Platform) when the body is a refusal,
    /// [`ErrorKind::Answer`](crate::ErrorKind::Answer) when it is
    /// neither that nor what was expected.
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
