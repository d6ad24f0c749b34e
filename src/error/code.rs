//! Named constants for the platform's error codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An error code of the platform. Zero means success and is never an `ErrCode`.
///
/// ```
/// use tower_wechat::{ErrorClass, ErrCode};
///
/// assert_eq!(ErrCode::INVALID_CREDENTIAL.get(), 40001);
/// assert_eq!(ErrCode::new(45009).class(), ErrorClass::Quota);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrCode(i64);

impl ErrCode {
    /// -1: the platform is busy.
    pub const SYSTEM_BUSY: Self = Self(-1);
    /// 40001: the access token is invalid or not the latest; at a token endpoint, a wrong secret.
    pub const INVALID_CREDENTIAL: Self = Self(40001);
    /// 40002: the grant type is unknown.
    pub const INVALID_GRANT_TYPE: Self = Self(40002);
    /// 40003: the openid does not belong to this app.
    pub const INVALID_OPENID: Self = Self(40003);
    /// 40007: the MediaId is unknown or has expired.
    pub const INVALID_MEDIA_ID: Self = Self(40007);
    /// 40008: the message type is unknown.
    pub const INVALID_MESSAGE_TYPE: Self = Self(40008);
    /// 40013: the appid is unknown.
    pub const INVALID_APPID: Self = Self(40013);
    /// 40014: the access token is invalid.
    pub const INVALID_ACCESS_TOKEN: Self = Self(40014);
    /// 40029: the code is unknown, or belongs to another app.
    pub const INVALID_CODE: Self = Self(40029);
    /// 40030: the refresh token is unknown.
    pub const INVALID_REFRESH_TOKEN: Self = Self(40030);
    /// 40037: this account may not send the template with this call.
    pub const INVALID_TEMPLATE_ID: Self = Self(40037);
    /// 40053: the action or the scene of a QR code is wrong.
    pub const INVALID_ACTION_INFO: Self = Self(40053);
    /// 40125: the app secret is wrong.
    pub const INVALID_APP_SECRET: Self = Self(40125);
    /// 40163: the code was already used.
    pub const CODE_USED: Self = Self(40163);
    /// 40164: this machine's address is not on the IP whitelist.
    pub const IP_NOT_WHITELISTED: Self = Self(40164);
    /// 41001: the access token is missing.
    pub const MISSING_ACCESS_TOKEN: Self = Self(41001);
    /// 41002: the appid is missing.
    pub const MISSING_APPID: Self = Self(41002);
    /// 41003: the refresh token is missing.
    pub const MISSING_REFRESH_TOKEN: Self = Self(41003);
    /// 41004: the app secret is missing.
    pub const MISSING_APP_SECRET: Self = Self(41004);
    /// 41008: the code is missing.
    pub const MISSING_CODE: Self = Self(41008);
    /// 41009: the openid is missing.
    pub const MISSING_OPENID: Self = Self(41009);
    /// 42001: the access token has expired.
    pub const ACCESS_TOKEN_EXPIRED: Self = Self(42001);
    /// 42002: the refresh token has expired.
    pub const REFRESH_TOKEN_EXPIRED: Self = Self(42002);
    /// 42003: the code has expired.
    pub const CODE_EXPIRED: Self = Self(42003);
    /// 43001: the call must be a GET.
    pub const REQUIRE_GET: Self = Self(43001);
    /// 43002: the call must be a POST.
    pub const REQUIRE_POST: Self = Self(43002);
    /// 43004: the recipient does not follow the account.
    pub const NOT_FOLLOWING: Self = Self(43004);
    /// 43019: the recipient is on the account's blacklist.
    pub const RECIPIENT_BLACKLISTED: Self = Self(43019);
    /// 43101: the recipient has not subscribed to the message, or refuses it.
    pub const MESSAGE_REFUSED: Self = Self(43101);
    /// 43108: another message is being sent to the same user.
    pub const SENDING_TO_SAME_USER: Self = Self(43108);
    /// 44002: the body is empty.
    pub const EMPTY_BODY: Self = Self(44002);
    /// 44004: the text of a message is empty.
    pub const EMPTY_TEXT: Self = Self(44004);
    /// 45002: the text of a message is too long.
    pub const TEXT_TOO_LONG: Self = Self(45002);
    /// 45008: a message has too many articles.
    pub const TOO_MANY_ARTICLES: Self = Self(45008);
    /// 45009: the daily quota of the call is used up.
    pub const DAILY_QUOTA_REACHED: Self = Self(45009);
    /// 45011: there were too many calls in this minute.
    pub const MINUTE_QUOTA_REACHED: Self = Self(45011);
    /// 45015: the user has not interacted with the account recently, or has unfollowed it.
    pub const RESPONSE_WINDOW_CLOSED: Self = Self(45015);
    /// 45026: the account has reached its limit of templates.
    pub const TEMPLATES_FULL: Self = Self(45026);
    /// 45047: the account has sent as many messages as it may since the user's last interaction.
    pub const RESPONSES_USED_UP: Self = Self(45047);
    /// 45072: the typing command is unknown.
    pub const INVALID_TYPING_COMMAND: Self = Self(45072);
    /// 45080: the user and the account exchanged no message in the last 30 seconds.
    pub const NO_MESSAGE_LATELY: Self = Self(45080);
    /// 45081: the user already sees the account typing.
    pub const ALREADY_TYPING: Self = Self(45081);
    /// 46003: the account has no menu.
    pub const NO_MENU: Self = Self(46003);
    /// 47001: the body is not the JSON that the call expects.
    pub const MALFORMED_BODY: Self = Self(47001);
    /// 47003: an argument of a template breaks the rule of its type. The errmsg names it.
    pub const INVALID_TEMPLATE_ARGUMENT: Self = Self(47003);
    /// 48001: the account, or the user's consent, does not cover this call.
    pub const API_UNAUTHORIZED: Self = Self(48001);
    /// 48006: this month's quota clearings are used up.
    pub const CLEARINGS_EXHAUSTED: Self = Self(48006);
    /// 50005: the recipient does not follow the account.
    pub const RECIPIENT_NOT_FOLLOWING: Self = Self(50005);

    /// Creates an error code from its number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
