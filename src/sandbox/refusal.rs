//! Refusals in the platform's format.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::random;
use crate::error::ErrCode;

/// A refusal. Its text is custom where the platform names the invalid value.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: ErrCode,
    pub(super) errmsg: Cow<'static, str>,
}

impl Refused {
    pub(super) fn new(code: i64, errmsg: impl Into<Cow<'static, str>>) -> Self {
        let errmsg = errmsg.into();
        Self {
            code: ErrCode::new(code),
            errmsg,
        }
    }

    /// Returns the JSON document of the refusal for the request `rid`.
    pub(super) fn document(&self, rid: &str) -> Value {
        json!({ "errcode": self.code, "errmsg": format!("{} rid: {rid}", self.errmsg) })
    }
}

impl From<ErrCode> for Refused {
    fn from(code: ErrCode) -> Self {
        Self::new(code.get(), errmsg(code))
    }
}

/// Returns a new request id.
pub(super) fn rid() -> String {
    format!("{}-{}-{}", random::hex(8), random::hex(8), random::hex(8))
}

fn errmsg(code: ErrCode) -> &'static str {
    match code {
        ErrCode::SYSTEM_BUSY => "system error",
        ErrCode::INVALID_CREDENTIAL => "invalid credential, access_token is invalid or not latest,",
        ErrCode::INVALID_GRANT_TYPE => "invalid grant_type,",
        ErrCode::INVALID_OPENID => "invalid openid,",
        ErrCode::INVALID_MEDIA_ID => "invalid media_id",
        ErrCode::INVALID_MESSAGE_TYPE => "invalid message type",
        ErrCode::INVALID_APPID => "invalid appid,",
        ErrCode::INVALID_ACCESS_TOKEN => "invalid access_token,",
        ErrCode::INVALID_CODE => "invalid code,",
        ErrCode::INVALID_REFRESH_TOKEN => "invalid refresh_token,",
        ErrCode::INVALID_APP_SECRET => "invalid appsecret,",
        ErrCode::CODE_USED => "code been used,",
        ErrCode::IP_NOT_WHITELISTED => {
            "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"
        }
        ErrCode::MISSING_ACCESS_TOKEN => "access_token missing",
        ErrCode::MISSING_APPID => "appid missing",
        ErrCode::MISSING_REFRESH_TOKEN => "refresh_token missing",
        ErrCode::MISSING_APP_SECRET => "appsecret missing",
        ErrCode::MISSING_CODE => "code missing",
        ErrCode::MISSING_OPENID => "openid missing",
        ErrCode::ACCESS_TOKEN_EXPIRED => "access_token expired",
        ErrCode::REFRESH_TOKEN_EXPIRED => "refresh_token expired",
        ErrCode::CODE_EXPIRED => "code expired",
        ErrCode::REQUIRE_GET => "require GET method",
        ErrCode::REQUIRE_POST => "require POST method",
        ErrCode::INVALID_TEMPLATE_ID => "invalid template_id",
        ErrCode::INVALID_ACTION_INFO => "invalid action info",
        ErrCode::NOT_FOLLOWING => "require subscribe",
        ErrCode::RECIPIENT_BLACKLISTED => "require remove blacklist",
        ErrCode::SENDING_TO_SAME_USER => "not allow to send to the same user concurrently",
        ErrCode::MESSAGE_REFUSED => "user refuse to accept the msg",
        ErrCode::EMPTY_BODY => "empty post data",
        ErrCode::EMPTY_TEXT => "empty content",
        ErrCode::TEXT_TOO_LONG => "content size out of limit",
        ErrCode::INVALID_TYPING_COMMAND => "invalid command",
        ErrCode::NO_MESSAGE_LATELY => "need sending message to user in recent 30 seconds",
        ErrCode::ALREADY_TYPING => "have already sent typing, not allow to send again",
        ErrCode::TEMPLATES_FULL => "template num exceeds limit",
        ErrCode::CODES_USED_UP => "qrcode count out of limit",
        ErrCode::NO_MENU => "menu no exist",
        ErrCode::CLEARINGS_EXHAUSTED => "forbid to clear quota because of reaching the limit",
        ErrCode::TOO_MANY_ARTICLES => "article size out of limit",
        ErrCode::RESPONSE_WINDOW_CLOSED => "response out of time limit or subscription is canceled",
        ErrCode::RESPONSES_USED_UP => "out of response count limit",
        ErrCode::DAILY_QUOTA_REACHED => "reach max api daily quota limit",
        ErrCode::MINUTE_QUOTA_REACHED => {
            "api minute-quota reach limit, must slower, retry next minute"
        }
        ErrCode::MALFORMED_BODY => "data format error",
        ErrCode::API_UNAUTHORIZED => "api unauthorized",
        ErrCode::INVALID_ARGS => "invalid args",
        ErrCode::INVALID_SCENE => "invalid scene",
        ErrCode::INVALID_SCENE_LENGTH => "invalid length for scene, or the data is not json string",
        ErrCode::INVALID_PATH => "path length 0, or larger than limit",
        ErrCode::INVALID_PAGE => "invalid page",
        ErrCode::INVALID_LINK_PATH => "invalid weapp pagepath",
        ErrCode::INVALID_LINK_QUERY => "invalid query",
        ErrCode::INVALID_LINK_EXPIRY => "time limit between 1min and 30days",
        ErrCode::LINK_NOT_FOUND => "link not exist",
        ErrCode::RESERVED_PARAMETER => "scancode_time is system reserved parameter",
        ErrCode::INVALID_SESSION_SIGNATURE => "invalid signature",
        _ => "refused",
    }
}
