//! The addresses of the platform, for firewalls on either side.

use http::Method;
use serde::{Deserialize, Serialize};

use super::Endpoint;

/// The addresses that pushes come from. Source: 获取微信推送服务器 IP (`getcallbackip`).
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetCallbackIp {}

impl GetCallbackIp {
    /// The call; it has no arguments.
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

/// The addresses that calls go to; to be asked anew every day. Source: 获取微信 API 服务器 IP
/// (`get_api_domain_ip`).
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetApiDomainIp {}

impl GetApiDomainIp {
    /// The call; it has no arguments.
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

/// Addresses; an entry may be a range such as `101.226.103.0/25`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct IpList {
    /// The addresses and ranges, as text.
    pub ip_list: Vec<String>,
}
