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
//! A call that is not shipped takes a dozen lines in the host's own crate, if it is a `GET` with a
//! query or a `POST` with a JSON body: see [`Endpoint`].

pub mod customer_service;
mod done;
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
pub mod user;

pub use self::done::Done;
pub use self::image::{Image, ImageFormat};
pub(crate) use self::json::{errcode_of, text as text_of};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::AppId;
use crate::error::{Error, ErrorKind};

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
/// `GET` and the JSON body of a `POST`.
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
    /// [`ErrorKind::Platform`] when the body is a refusal, [`ErrorKind::Answer`] when it is
    /// neither that nor what was expected.
    fn decode(body: &Bytes) -> Result<Self, Error>;
}

impl<T: DeserializeOwned + Send + 'static> Answer for T {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        json::decode(body)
    }
}

/// Puts a call on the wire, still without host and credential.
pub(crate) fn encode<E: Endpoint>(call: &E) -> Result<Request<Bytes>, Error> {
    call.check()?;
    let unencodable = || Error::new(ErrorKind::Input, "the call cannot be written as a request");
    let mut request = Request::new(Bytes::new());
    let mut target = E::PATH.to_owned();
    if E::METHOD == Method::GET {
        let query = serde_urlencoded::to_string(call).map_err(|_| unencodable())?;
        if !query.is_empty() {
            target.push('?');
            target.push_str(&query);
        }
    } else {
        // serde_json leaves non-ASCII text as it is, which the platform insists on.
        let body = serde_json::to_vec(call).map_err(|_| unencodable())?;
        *request.body_mut() = body.into();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    *request.method_mut() = E::METHOD;
    *request.uri_mut() = PathAndQuery::try_from(target)
        .map_err(|_| unencodable())?
        .into();
    Ok(request)
}
