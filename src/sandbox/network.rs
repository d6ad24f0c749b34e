//! The platform's IP addresses.

use serde_json::json;

use super::answer::Answer;

/// `GET /cgi-bin/getcallbackip` and `GET /cgi-bin/get_api_domain_ip`
pub(super) fn addresses() -> Answer {
    Ok(json!({ "ip_list": ["127.0.0.1", "127.0.0.0/8"] }))
}
