//! The platform's IP addresses, for firewalls, and a check of the callback's reachability.

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Endpoint, lenient};

/// Lists the addresses that pushes come from. Source: 获取微信推送服务器 IP (`getcallbackip`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::network::GetCallbackIp;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let sources = app.call(GetCallbackIp::new()).await?.ip_list;
/// assert!(!sources.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetCallbackIp {}

impl GetCallbackIp {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for GetCallbackIp {
    type Response = IpList;
    const PATH: &'static str = "/cgi-bin/getcallbackip";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// Lists the addresses that calls go to. Fetch them again every day. Source: 获取微信 API 服务器 IP
/// (`get_api_domain_ip`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::network::GetApiDomainIp;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let targets = app.call(GetApiDomainIp::new()).await?.ip_list;
/// assert!(!targets.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetApiDomainIp {}

impl GetApiDomainIp {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for GetApiDomainIp {
    type Response = IpList;
    const PATH: &'static str = "/cgi-bin/get_api_domain_ip";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// A list of addresses. An entry can be a range such as `101.226.103.0/25`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IpList {
    /// The addresses and ranges, as text.
    pub ip_list: Vec<String>,
}

/// Makes the platform resolve and ping the callback's host. Source: 网络通信检测 (`callbackCheck`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::network::CheckCallback;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let found = app.call(CheckCallback::new()).await?;
/// assert!(found.ping.iter().all(|ping| ping.package_loss == "0%"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct CheckCallback {
    action: Action,
    check_operator: Operator,
}

/// The check that a [`CheckCallback`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// Resolves the host name.
    Dns,
    /// Pings the host's addresses.
    Ping,
    /// Makes both checks.
    #[default]
    All,
}

/// The network that a [`CheckCallback`] is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Operator {
    /// China Telecom (中国电信).
    ChinaNet,
    /// China Unicom (中国联通).
    Unicom,
    /// Tencent's network (腾讯自建出口).
    Cap,
    /// The network that suits the host's address.
    #[default]
    Default,
}

impl CheckCallback {
    /// Creates a call that makes both checks from the suitable network.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the check. Defaults to both.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// Sets the network. Defaults to the one that suits the host's address.
    #[must_use]
    pub fn operator(mut self, operator: Operator) -> Self {
        self.check_operator = operator;
        self
    }
}

impl Endpoint for CheckCallback {
    type Response = Checked;
    const PATH: &'static str = "/cgi-bin/callback/check";
    const REPEATABLE: bool = true;
}

/// The results of a [`CheckCallback`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Checks")]
#[non_exhaustive]
pub struct Checked {
    /// The addresses of the host name.
    pub dns: Vec<Dns>,
    /// The ping results of the addresses.
    pub ping: Vec<Ping>,
}

/// The results on the wire. Only the requested checks are present.
#[derive(Deserialize)]
struct Checks {
    #[serde(default, deserialize_with = "lenient::given")]
    dns: Option<Vec<Dns>>,
    #[serde(default, deserialize_with = "lenient::given")]
    ping: Option<Vec<Ping>>,
}

impl TryFrom<Checks> for Checked {
    type Error = &'static str;

    fn try_from(checks: Checks) -> Result<Self, Self::Error> {
        if checks.dns.is_none() && checks.ping.is_none() {
            return Err("the results of both checks are missing");
        }
        Ok(Self {
            dns: checks.dns.unwrap_or_default(),
            ping: checks.ping.unwrap_or_default(),
        })
    }
}

/// An address of the callback's host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dns {
    /// The address.
    #[serde(default)]
    pub ip: String,
    /// The network of the address.
    #[serde(default)]
    pub real_operator: String,
}

/// The ping result of one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ping {
    /// The address.
    #[serde(default)]
    pub ip: String,
    /// The network that the ping was sent from.
    #[serde(default)]
    pub from_operator: String,
    /// The share of lost packets, such as `0%`.
    #[serde(default)]
    pub package_loss: String,
    /// The round-trip time, such as `23.079ms`.
    #[serde(default)]
    pub time: String,
}
