//! Error codes of the mini-program calls, which reuse some numbers.

use super::{ErrCode, ErrorClass, ErrorKind};

const PHONE: &str = "/wxa/business/getuserphonenumber";
const LOGIN: &str = "/sns/jscode2session";
const SESSIONS: [&str; 2] = ["/wxa/checksession", "/wxa/resetusersessionkey"];
const LINKS: [&str; 2] = ["/wxa/generatescheme", "/wxa/generate_urllink"];

impl ErrCode {
    /// 40097: an argument is wrong.
    pub const INVALID_ARGS: Self = Self::new(40097);
    /// 40129: the scene of a code holds a character that is not allowed.
    pub const INVALID_SCENE: Self = Self::new(40129);
    /// 40159: the path of a code is missing or too long.
    pub const INVALID_PATH: Self = Self::new(40159);
    /// 40165: the page of a link is wrong.
    pub const INVALID_LINK_PATH: Self = Self::new(40165);
    /// 40169: the scene of a code is missing or too long.
    pub const INVALID_SCENE_LENGTH: Self = Self::new(40169);
    /// 40212: the query of a link holds a character that is not allowed.
    pub const INVALID_LINK_QUERY: Self = Self::new(40212);
    /// 40226: the platform blocks this user.
    pub const USER_BLOCKED: Self = Self::new(40226);
    /// 41030: the page is not in the released version.
    pub const INVALID_PAGE: Self = Self::new(41030);
    /// 45029: the app has made as many codes as it may.
    pub const CODES_USED_UP: Self = Self::new(45029);
    /// 85096: `scancode_time` is a reserved parameter.
    pub const RESERVED_PARAMETER: Self = Self::new(85096);
    /// 85401: the lifetime of a link is shorter than a minute or longer than 30 days.
    pub const INVALID_LINK_EXPIRY: Self = Self::new(85401);
    /// 85403: the link does not exist.
    pub const LINK_NOT_FOUND: Self = Self::new(85403);
    /// 87009: the signature of a session is wrong.
    pub const INVALID_SESSION_SIGNATURE: Self = Self::new(87009);
}

/// Returns the class of the code at the endpoints where it differs.
pub(super) fn class_at(code: ErrCode, endpoint: &str) -> Option<ErrorClass> {
    Some(match (endpoint, code) {
        // The code belongs to another app; the caller's own appid is valid.
        (PHONE, ErrCode::INVALID_APPID) => ErrorClass::Input,
        (_, ErrCode::INVALID_SESSION_SIGNATURE) if SESSIONS.contains(&endpoint) => ErrorClass::User,
        // Here these mean that the account may not make links, or is banned from it.
        (_, ErrCode::INVALID_GRANT_TYPE | ErrCode::INVALID_APPID) if LINKS.contains(&endpoint) => {
            ErrorClass::Permission
        }
        _ => return None,
    })
}

/// Returns advice for the codes that have a usual cause.
pub(super) fn hint_at(code: ErrCode, endpoint: &str) -> Option<&'static str> {
    Some(match (endpoint, code) {
        (PHONE, ErrCode::INVALID_CODE) => {
            "the code is not from the getPhoneNumber button (a wx.login code does not work \
             here), is older than five minutes, or was used: let the user press the button again"
        }
        (PHONE, ErrCode::INVALID_APPID) => {
            "the code belongs to another mini-program: call with the appid of the one that made it"
        }
        (LOGIN, ErrCode::INVALID_CODE) => {
            "the code is not from this app's wx.login (a phone code does not work here) or is \
             older than five minutes: let the client call wx.login again"
        }
        (LOGIN, ErrCode::CODE_USED) => {
            "a code works once: let the client call wx.login again, and send each code once"
        }
        (_, ErrCode::INVALID_SESSION_SIGNATURE) if SESSIONS.contains(&endpoint) => {
            "the session_key is not the current one: let the client call wx.login again"
        }
        (_, ErrCode::INVALID_APPID) if LINKS.contains(&endpoint) => {
            "the mini-program is banned from making links"
        }
        (_, ErrCode::INVALID_GRANT_TYPE) if LINKS.contains(&endpoint) => {
            "the account may not make links: it must be a verified mini-program of a company"
        }
        (_, ErrCode::INVALID_PAGE) => {
            "the page is not in the released version: publish it, or set check_path to false"
        }
        ("/wxa/getwxacode" | "/cgi-bin/wxaapp/createwxaqrcode", ErrCode::CODES_USED_UP) => {
            "the app has made all its 100,000 codes with a path: use getwxacodeunlimit"
        }
        _ => return None,
    })
}

/// Returns advice for a call with a single-use code that got no response.
pub(super) fn hint_without_answer(kind: ErrorKind, endpoint: &str) -> Option<&'static str> {
    let lost = matches!(kind, ErrorKind::Timeout | ErrorKind::Transport);
    match endpoint {
        PHONE if lost => Some("the code may be used up: ask the user to press the button again"),
        LOGIN if lost => Some("the code may be used up: let the client call wx.login again"),
        _ => None,
    }
}
