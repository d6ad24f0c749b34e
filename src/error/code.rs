//! The platform's error codes: what they mean, and what kind of remedy helps.

use std::fmt;

use serde::Serialize;

use super::miniprogram;

/// The kind of remedy that helps against an [`Error`](crate::Error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The access token is dead: a new one and the same call again. The client has already done so
    /// once when a caller sees this.
    Refresh,
    /// It may pass: the same call again, later.
    Retry,
    /// A quota is used up: nothing helps before it resets.
    Quota,
    /// The operator must act: secret, IP whitelist, account settings.
    Config,
    /// The user must act: sign in again, follow the account, allow the message.
    User,
    /// The account may not make this call.
    Permission,
    /// An argument of the call is wrong.
    Input,
    /// Not known; repeating is not expected to help.
    Unknown,
}

/// A number with which the platform refuses a call. Zero, success, is never an `ErrCode`.
///
/// ```
/// use tower_wechat::{Class, ErrCode};
///
/// assert_eq!(ErrCode::INVALID_CREDENTIAL.get(), 40001);
/// assert_eq!(ErrCode::new(45009).class(), Class::Quota);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ErrCode(i64);

impl ErrCode {
    /// -1: the platform is busy.
    pub const SYSTEM_BUSY: Self = Self(-1);
    /// 40001: the access token is invalid or not the latest; at a token endpoint, a wrong secret.
    pub const INVALID_CREDENTIAL: Self = Self(40001);
    /// 40002: the grant type is unknown.
    pub const INVALID_GRANT_TYPE: Self = Self(40002);
    /// 40003: the openid is not one of this app.
    pub const INVALID_OPENID: Self = Self(40003);
    /// 40008: the type of the message is unknown.
    pub const INVALID_MESSAGE_TYPE: Self = Self(40008);
    /// 40013: the appid is unknown.
    pub const INVALID_APPID: Self = Self(40013);
    /// 40014: the access token is invalid.
    pub const INVALID_ACCESS_TOKEN: Self = Self(40014);
    /// 40029: the code is unknown, or is another app's.
    pub const INVALID_CODE: Self = Self(40029);
    /// 40030: the refresh token is unknown.
    pub const INVALID_REFRESH_TOKEN: Self = Self(40030);
    /// 40125: the app secret is wrong.
    pub const INVALID_APP_SECRET: Self = Self(40125);
    /// 40163: the code was used before.
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
    /// 45008: a message has more articles than it may have.
    pub const TOO_MANY_ARTICLES: Self = Self(45008);
    /// 45009: the daily quota of the call is used up.
    pub const DAILY_QUOTA_REACHED: Self = Self(45009);
    /// 45011: too many calls in this minute.
    pub const MINUTE_QUOTA_REACHED: Self = Self(45011);
    /// 45015: the user was not in touch with the account lately, or has left it.
    pub const RESPONSE_WINDOW_CLOSED: Self = Self(45015);
    /// 45047: the account has sent all the messages it may since the user was in touch with it.
    pub const RESPONSES_USED_UP: Self = Self(45047);
    /// 47001: the body is not the JSON the call takes.
    pub const MALFORMED_BODY: Self = Self(47001);
    /// 48001: the account, or the consent of the user, does not cover this call.
    pub const API_UNAUTHORIZED: Self = Self(48001);

    /// A code by its number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The remedy, for a call made with an app's access token.
    pub const fn class(self) -> Class {
        match self.0 {
            40001 | 40014 | 42001 => Class::Refresh,
            -1 | 1003 | 20001 | 200001 | 61450 | 43108 | 44990..=44992 | 45011 | 45066 => {
                Class::Retry
            }
            44993 | 45009 | 45012 | 45026 | 45028 | 45029 | 48006 | 85400 | 85406 => Class::Quota,
            40013
            | 40125
            | 40164
            | 40230..=40243
            | 45027
            | 45035
            | 45064
            | 61004
            | 61024
            | 89002
            | 89501
            | 89503
            | 89506
            | 89507 => Class::Config,
            40029 | 40030 | 40163 | 40226 | 42002 | 42003 | 42007 | 43004 | 43005 | 43019
            | 43101 | 45015 | 45047 | 48002 | 50005 | 61023 | 87007 => Class::User,
            43102
            | 43104
            | 43107
            | 48001
            | 48003
            | 48004
            | 48008
            | 50001..=50004
            | 50007
            | 61003
            | 61007
            | 85079
            | 85088
            | 85407
            | 85408 => Class::Permission,
            40002..=40012
            | 40015..=40028
            | 40031..=40124
            | 40126..=40162
            | 40165..=40225
            | 41001..=41999
            | 43001..=43003
            | 44001..=44004
            | 45001..=45008
            | 45010
            | 45016..=45018
            | 45056..=45063
            | 45067..=45168
            | 46001..=47504
            | 48005
            | 61451..=61457
            | 65301..=65317
            | 76001..=76022
            | 85096
            | 85401..=85405
            | 87008
            | 87009
            | 89300
            | 9410010..=9410012 => Class::Input,
            _ => Class::Unknown,
        }
    }

    /// The remedy at one endpoint: some reuse a number for something else.
    pub(crate) fn class_at(self, endpoint: &str) -> Class {
        if let Some(class) = miniprogram::class_at(self, endpoint) {
            return class;
        }
        match (endpoint, self) {
            ("/cgi-bin/token" | "/cgi-bin/stable_token", Self::INVALID_CREDENTIAL) => Class::Config,
            (
                _,
                Self::INVALID_CREDENTIAL | Self::INVALID_ACCESS_TOKEN | Self::ACCESS_TOKEN_EXPIRED,
            ) if endpoint.starts_with("/sns/") => Class::User,
            _ => self.class(),
        }
    }

    /// Plain advice for the codes that have a usual cause.
    pub(crate) fn hint_at(self, endpoint: &str) -> Option<&'static str> {
        if let Some(hint) = miniprogram::hint_at(self, endpoint) {
            return Some(hint);
        }
        Some(match (self, self.class_at(endpoint)) {
            (Self::INVALID_CREDENTIAL, Class::Config) | (Self::INVALID_APP_SECRET, _) => {
                "the app secret is wrong: copy it anew from the platform's console"
            }
            (Self::INVALID_CREDENTIAL, Class::Refresh) => {
                "the token was replaced by another one: if another system fetches this app's \
                 tokens, let all of them use stable_token"
            }
            (_, Class::Refresh) => "the access token was refused twice",
            (Self::INVALID_CREDENTIAL | Self::INVALID_ACCESS_TOKEN, Class::User)
            | (Self::ACCESS_TOKEN_EXPIRED | Self::REFRESH_TOKEN_EXPIRED, Class::User) => {
                "the user's sign-in has ended: send the user through the authorisation again"
            }
            (Self::INVALID_APPID, _) => "the appid is unknown to the platform: case matters",
            (Self::INVALID_CODE, _) => {
                "the code is unknown or another app's: codes are for one app, live five minutes \
                 and work once"
            }
            (Self::CODE_USED, _) => {
                "the code was used before: send the user through the authorisation again for a new \
                 one"
            }
            (Self::CODE_EXPIRED, _) => {
                "the code is older than five minutes: send the user through the authorisation again"
            }
            (Self::IP_NOT_WHITELISTED, _) => {
                "add this machine's address to the IP whitelist in the platform's console"
            }
            (Self::DAILY_QUOTA_REACHED, _) => "the quota resets at midnight, China time",
            (Self::MINUTE_QUOTA_REACHED, _) => "slow down and go on in the next minute",
            (Self::API_UNAUTHORIZED, _) if endpoint == "/sns/userinfo" => {
                "the user was asked for snsapi_base only: ask for snsapi_userinfo"
            }
            (Self::API_UNAUTHORIZED, _) => {
                "the account's type or verification does not cover this call"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
