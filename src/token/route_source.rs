//! Fetches tokens from the `token` route of another service.

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, Uri};
use serde::{Deserialize, Serialize};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use super::{Fetch, Issued, TokenKey, TokenKind, TokenSource};
use crate::address;
use crate::api::Endpoint;
use crate::api::token::{GetClassicToken, GetStableToken};
use crate::error::{BoxError, ErrCode, Error, ErrorKind, Refusal};
use crate::secret::{Secret, serialize_exposed};

/// The longest accepted answer, in bytes.
const ANSWER_MAX: usize = 64 << 10;

/// A [`TokenSource`] that calls the [`token` route](crate::routes::TokenRoute) of another service
/// that runs this crate. That service has the secrets and caches the tokens; the other services
/// need only an access key.
///
/// ```no_run
/// use tower_wechat::client::ReqwestTransport;
/// use tower_wechat::token::TokenRouteSource;
/// use tower_wechat::{AppConfig, Wechat};
///
/// let route = "https://wx.internal.example/v1/service/wx/token";
/// let source = TokenRouteSource::new(ReqwestTransport::new()?, route, "the access key")?;
/// let wechat = Wechat::builder()
///     .app(AppConfig::without_secret("wx3cc8fd6963e31a32"))
///     .token_source(source.name("orders"))
///     .build()?;
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct TokenRouteSource {
    transport: BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>,
    route: Uri,
    key: Secret,
    name: String,
}

#[derive(Serialize)]
struct Body<'a> {
    source: &'a str,
    appid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Exposed<'a>>,
}

#[derive(Serialize)]
struct Exposed<'a>(#[serde(serialize_with = "serialize_exposed")] &'a Secret);

#[derive(Deserialize)]
struct Envelope {
    ret: Ret,
    body: Option<Answer>,
}

#[derive(Deserialize)]
struct Ret {
    code: i64,
    #[serde(default)]
    msg: String,
    errcode: Option<i64>,
    errmsg: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<Secret>,
    expires_in: Option<u64>,
}

impl TokenRouteSource {
    /// Creates a source that posts to the absolute address `route` through `transport`, with an
    /// access key of that route. The errors of `transport` must not print the key.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for an address that is neither `https://` nor a loopback address, and
    /// for a key that is not a valid header value.
    pub fn new<S>(transport: S, route: &str, key: impl Into<Secret>) -> Result<Self, Error>
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self::over_http(transport, route, key, std::iter::empty::<String>())
    }

    /// Creates a source that also accepts an `http://` address at one of the given hosts, for a
    /// private network: anyone who reads the traffic reads the tokens.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn over_http<S>(
        transport: S,
        route: &str,
        key: impl Into<Secret>,
        http_hosts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Error>
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        let (key, http_hosts) = (key.into(), http_hosts.into_iter().map(Into::into));
        // The default is `/`, which has no host and is rejected below.
        let uri: Uri = route.parse().unwrap_or_default();
        if uri.host().is_none() || !address::is_private(&uri, &http_hosts.collect::<Vec<_>>()) {
            return Err(Error::input(
                "route",
                "must be an absolute address that begins with https://; http:// is for loopback \
                 addresses and for hosts that are explicitly allowed",
            ));
        }
        // Checks the key now, so that no fetch fails because of it.
        authorization(&key)?;
        Ok(Self {
            transport: BoxCloneSyncService::new(transport.map_err(Into::into)),
            route: uri,
            key,
            name: "tower-wechat".to_owned(),
        })
    }

    /// Sets the `source` that names this service in the other service's log. Defaults to
    /// `tower-wechat`.
    #[must_use]
    pub fn name(mut self, source: impl Into<String>) -> Self {
        self.name = source.into();
        self
    }

    fn request(&self, key: &TokenKey, fetch: &Fetch) -> Result<Request<Bytes>, Error> {
        let body = Body {
            source: &self.name,
            appid: key.appid.as_str(),
            refused: match fetch {
                Fetch::Current => None,
                Fetch::Forced { refused } => Some(Exposed(refused)),
            },
        };
        let body = serde_json::to_vec(&body)
            .map_err(|_| Error::new(ErrorKind::Input, "could not serialize the request"))?;
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.route.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, authorization(&self.key)?);
        Ok(request)
    }
}

fn authorization(key: &Secret) -> Result<HeaderValue, Error> {
    let value = HeaderValue::try_from(format!("Bearer {}", key.expose()));
    let mut value = value.map_err(|_| Error::input("key", "is not a valid header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl TokenSource for TokenRouteSource {
    async fn fetch(&self, key: &TokenKey, fetch: Fetch) -> Result<Issued, Error> {
        let request = self.request(key, &fetch)?;
        let response = self.transport.clone().oneshot(request).await;
        // Some codes mean something else at the token endpoints than at the others.
        let endpoint = match key.kind {
            TokenKind::StableAccessToken => GetStableToken::PATH,
            _ => GetClassicToken::PATH,
        };
        read(&response.map_err(Error::from_transport)?).map_err(|error| error.at(endpoint))
    }
}

fn read(response: &Response<Bytes>) -> Result<Issued, Error> {
    let status = ErrorKind::Status(response.status().as_u16());
    let unread = || Error::new(status, "the answer of the token route is not an envelope");
    let body = response.body();
    if body.len() > ANSWER_MAX {
        return Err(unread());
    }
    let Envelope { ret, body } = serde_json::from_slice(body).map_err(|_| unread())?;
    match (ret, body) {
        (
            Ret { code: 0, .. },
            Some(Answer {
                access_token: Some(token),
                expires_in: Some(seconds),
            }),
        ) => Ok(Issued::new(token, std::time::Duration::from_secs(seconds))),
        (
            // Keeps the platform's code, which says more than the code of the route.
            Ret {
                errcode: Some(errcode),
                errmsg,
                ..
            },
            _,
        ) => {
            let errmsg = errmsg.unwrap_or_default();
            Err(Error::platform(Refusal::new(
                ErrCode::new(errcode),
                &errmsg,
            )))
        }
        (Ret { code, msg, .. }, _) => Err(Error::new(
            status,
            format!("the token route answered {code}: {msg:.200}"),
        )),
    }
}

/// Prints neither the key nor the address.
impl fmt::Debug for TokenRouteSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRouteSource")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
