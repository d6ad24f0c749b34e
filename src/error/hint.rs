//! Advice for error codes.

use super::{ErrCode, ErrorClass, miniprogram};

impl ErrCode {
    /// Returns advice for the code at `endpoint`, if the code has a usual cause.
    pub(crate) fn hint_at(self, endpoint: &str) -> Option<&'static str> {
        // The mini-program calls come first, because they give some numbers another meaning.
        miniprogram::hint_at(self, endpoint)
            .or_else(|| self.credential_hint(endpoint))
            .or_else(|| self.message_hint(endpoint))
            .or_else(|| self.quota_hint(endpoint))
            .or_else(|| self.call_hint(endpoint))
    }

    fn credential_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), self.class_at(endpoint)) {
            (40001, ErrorClass::Config) | (40125, _) => {
                "the app secret is wrong: copy it again from the 微信开发者平台; resetting a secret \
                 there invalidates the old one"
            }
            (40001, ErrorClass::Refresh) => {
                "the token was replaced by another one: if another system also fetches this app's \
                 tokens, let all of them use stable_token"
            }
            (_, ErrorClass::Refresh) => "the access token was rejected twice",
            (40001 | 40014 | 42001 | 42002, ErrorClass::User) => {
                "the user's sign-in has expired: send the user through authorization again"
            }
            (40013, ErrorClass::Input) => {
                "the mini-program in the message is unknown, not linked to this account or not \
                 published"
            }
            (40013, _) => "the appid is unknown to the platform: check it, including its case",
            (40029, _) => {
                "the code is unknown or belongs to another app: a code works once, for one app, \
                 within five minutes"
            }
            (40163, _) => {
                "the code was already used: send the user through authorization again for a new \
                 one"
            }
            (40226, _) => "the platform considers this user a risk and blocks the sign-in",
            (42003, _) => {
                "the code is older than five minutes: send the user through authorization again"
            }
            (42007, _) => "the user changed the password: send them through authorization again",
            (40164, _) => {
                "add this machine's address to the app's IP whitelist (IP 白名单) in the \
                 微信开发者平台; for a 公众号 the whitelist covers every call, including those of \
                 services that get their token from another service"
            }
            (40243, _) => {
                "the app secret is frozen: unfreeze it in the 微信开发者平台, which takes about ten \
                 minutes"
            }
            (40234 | 40235, _) => {
                "API security (API 安全) is on for this app, so the call must be signed or \
                 encrypted: switch it off for this API in the 微信开发者平台, or make the call from \
                 a service that signs"
            }
            (41001, _) => "the call was sent without a token, which is a bug in the sender",
            _ => return None,
        })
    }

    fn message_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (40003, _) => "the openid does not belong to this app: a user's openid differs by app",
            (40037, "/cgi-bin/message/template/send") => {
                "this template belongs to another account, was deleted, or is of the subscribe \
                 kind, which message/subscribe/bizsend sends"
            }
            (40036 | 40037, _) => "this template belongs to another account, or was deleted",
            (40165 | 41030, _) => "the page is not in the published version of the mini-program",
            (43004 | 50005, _) => {
                "the user does not follow the account, or has unfollowed it: nothing can be sent"
            }
            (43019, _) => "the user is on the account's blacklist",
            (43101, _) => {
                "the user has not subscribed to this message, has used the subscription up or \
                 refuses it: ask again in the page"
            }
            (43107, _) => "the account is barred from subscribe messages because of violations",
            (43108, _) => "messages to one user must be sent one after the other",
            (45015, _) => "the user last wrote more than 48 hours ago: use a template message",
            (45026, _) => "the account has its maximum of 25 templates: delete one first",
            (45027, _) => "the template's industry is not the account's",
            (45047, _) => "too many messages since the user last wrote: wait for the user to write",
            (45080, _) => "the typing status needs a message with the user in the last 30 seconds",
            (45081, _) => "the user sees it already, for 15 seconds or until the next message",
            (45168 | 45166 | 87014, _) => "the platform considers a word in the text offensive",
            (47003, _) => {
                "a value breaks the rule of its keyword's type, such as at most 20 characters for \
                 a thing: the errmsg names the keyword"
            }
            (48002, _) => "the user has switched off messages from the account",
            _ => return None,
        })
    }

    fn quota_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (45009, "/wxa/getwxacodeunlimit") => {
                "the quota of this minute or of this day is used up: try again in the next minute, \
                 or after midnight, China time"
            }
            (45009 | 44993, _) => {
                "the daily quota is used up: it resets at midnight, China time, or by clear_quota, \
                 ten times a month"
            }
            (45011 | 44990..=44992, _) => "slow down and try again in the next minute",
            (45028, _) => "no sends to everyone are left: the quota resets with the month",
            (45029, _) => {
                "the account has made all its 100,000 permanent codes, and none can be deleted: \
                 use temporary ones"
            }
            (48006, _) => "this month's ten quota clearings are used up: they reset on the 1st",
            _ => return None,
        })
    }

    fn call_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (-1, _) => "the platform is busy: try again in a few seconds",
            (40053, _) => "the scene must be 1 to 64 characters, or a number in its range",
            (40097 | 47001, _) => "the body is not the JSON that the call expects",
            (40201, _) => "no callback address is set: set it in 消息推送 in the 微信开发者平台",
            (43003, _) => "the platform must be called over https",
            (46003, _) => "the account has no menu made through the API",
            (48001, "/sns/userinfo") => "only snsapi_base was requested: request snsapi_userinfo",
            (48001, "/cgi-bin/qrcode/create") => {
                "only a verified service account (服务号) can make QR codes"
            }
            (48001, _) => "the account's type or verification does not cover this call",
            (48004, _) => "the platform has banned the account from this call: see its console",
            (50002, _) => "the account is limited or frozen: see the 微信开发者平台",
            (50004 | 50007, _) => "the account is frozen: see the 微信开发者平台",
            (76021, _) => "cgi_path must be a path of the platform, with its leading slash",
            (76003, "/cgi-bin/openapi/rid/get") => "the rid belongs to another account",
            (76004, _) => "a rid can only be looked up for seven days",
            (87007, _) => "the session key is not valid: let the mini-program call wx.login again",
            (9_410_012, _) => "the short key is unknown, expired, or belongs to another account",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(endpoint: &str, code: i64) -> &'static str {
        let hint = ErrCode::new(code).hint_at(endpoint);
        hint.unwrap_or_else(|| panic!("{code} at {endpoint} has no hint"))
    }

    #[test]
    fn each_common_code_says_what_to_do() {
        for code in [
            -1, 40001, 40003, 40013, 40014, 40029, 40036, 40037, 40053, 40097, 40125, 40163, 40164,
            40165, 40201, 40226, 40234, 40235, 40243, 41001, 41030, 42001, 42002, 42003, 42007,
            43003, 43004, 43019, 43101, 43107, 43108, 44990, 44993, 45009, 45011, 45015, 45026,
            45027, 45028, 45029, 45047, 45080, 45081, 45168, 46003, 47001, 47003, 48001, 48002,
            48004, 48006, 50002, 50005, 50007, 76021, 76004, 87007, 9_410_012,
        ] {
            // A sentence that says what to do, not a word.
            let hint = hint("/cgi-bin/x", code);
            assert!(hint.split_whitespace().count() > 4, "{code}: {hint}");
        }
        assert_eq!(ErrCode::new(123_456).hint_at("/cgi-bin/x"), None);
    }

    #[test]
    fn the_same_number_is_explained_by_its_endpoint() {
        let phone = hint("/wxa/business/getuserphonenumber", 40029);
        assert!(phone.contains("wx.login code"), "{phone}");
        let login = hint("/sns/jscode2session", 40029);
        assert!(login.contains("wx.login"), "{login}");
        assert!(hint("/cgi-bin/token", 40001).contains("secret"));
        assert!(hint("/cgi-bin/user/info", 40001).contains("another system"));
        assert!(hint("/sns/userinfo", 40001).contains("sign-in"));
        let template = hint("/cgi-bin/message/template/send", 40037);
        assert!(template.contains("subscribe kind"), "{template}");
        assert!(hint("/cgi-bin/qrcode/create", 48001).contains("service account"));
        assert!(hint("/wxa/getwxacodeunlimit", 45009).contains("minute"));
        assert!(hint("/cgi-bin/user/info", 45009).contains("midnight"));
    }
}
