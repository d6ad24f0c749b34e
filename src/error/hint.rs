//! What to do, in plain words.

use super::{ErrCode, ErrorClass, miniprogram};

impl ErrCode {
    /// Plain advice for the codes that have a usual cause.
    pub(crate) fn hint_at(self, endpoint: &str) -> Option<&'static str> {
        miniprogram::hint_at(self, endpoint)
            .or_else(|| self.credential_hint(endpoint))
            .or_else(|| self.message_hint(endpoint))
            .or_else(|| self.quota_hint(endpoint))
            .or_else(|| self.call_hint(endpoint))
    }

    fn credential_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), self.class_at(endpoint)) {
            (40001, ErrorClass::Config) | (40125, _) => {
                "the app secret is wrong: copy it anew from the 微信开发者平台; a secret that was reset \
                 there kills the one before"
            }
            (40001, ErrorClass::Refresh) => {
                "the token was replaced by another one: if another system is fetching this app's \
                 tokens, let all of them use stable_token"
            }
            (_, ErrorClass::Refresh) => "the access token was refused twice",
            (40001 | 40014 | 42001 | 42002, ErrorClass::User) => {
                "the user's sign-in has ended: send the user through the authorisation again"
            }
            (40013, ErrorClass::Input) => {
                "the mini-program of the message is unknown, not linked to this account or not \
                 published"
            }
            (40013, _) => "the appid is unknown to the platform: case matters",
            (40029, _) => {
                "the code is unknown or another app's: codes are for one app, live five minutes \
                 and work once"
            }
            (40163, _) => {
                "the code was used before: send the user through the authorisation again for a new \
                 one"
            }
            (40226, _) => "the platform takes this user for a risk and lets nobody sign them in",
            (42003, _) => {
                "the code is older than five minutes: send the user through the authorisation again"
            }
            (42007, _) => "the user changed the password: send the user through the authorisation",
            (40164, _) => {
                "add this machine's address to the app's IP whitelist (IP 白名单) in the \
                 微信开发者平台; of a 公众号 it covers every call, also those of services that take \
                 their token from another one"
            }
            (40243, _) => {
                "the app secret is frozen: thaw it in the 微信开发者平台, which takes some ten \
                 minutes"
            }
            (40234 | 40235, _) => {
                "API security (API 安全) is on for this app, and the call must be signed or \
                 encrypted: switch it off for this API in the 微信开发者平台, or call it from a \
                 service that signs"
            }
            (41001, _) => "the call was sent without a token, which is a fault of the sender",
            _ => return None,
        })
    }

    fn message_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (40003, _) => "the openid is not one of this app: each app has its own for a user",
            (40037, "/cgi-bin/message/template/send") => {
                "this template belongs to another account, was deleted, or is of the subscribe \
                 kind, which message/subscribe/bizsend sends"
            }
            (40036 | 40037, _) => "this template belongs to another account, or was deleted",
            (40165 | 41030, _) => "the page is not in the published version of the mini-program",
            (43004 | 50005, _) => {
                "the user does not follow the account (or not any more): nothing can be sent"
            }
            (43019, _) => "the user is on the account's blacklist",
            (43101, _) => {
                "the user has not subscribed to this message, has used the subscription up or \
                 refuses it: ask in the page again"
            }
            (43107, _) => "the account may send no subscribe messages any more, for violations",
            (43108, _) => "messages to one user must be sent one after the other",
            (45015, _) => "the user wrote more than 48 hours ago: use a template message",
            (45026, _) => "an account has 25 templates: delete one first",
            (45027, _) => "the template is of another industry than the account's",
            (45047, _) => "too many messages since the user last wrote: wait for the user",
            (45080, _) => "the typing status takes a message with the user in the last 30 seconds",
            (45081, _) => "the user sees it for 15 seconds, or until the next message",
            (45168 | 45166 | 87014, _) => "the platform takes a word of the text for an offence",
            (47003, _) => {
                "a value breaks the rule of its keyword's type, such as 20 characters for a thing: \
                 the errmsg names the keyword"
            }
            (48002, _) => "the user has switched the account's messages off",
            _ => return None,
        })
    }

    fn quota_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (45009, "/wxa/getwxacodeunlimit") => {
                "the quota of the minute is used up, or that of the day: go on in the next minute, \
                 or after midnight, China time"
            }
            (45009 | 44993, _) => {
                "the quota of the day is used up: it resets at midnight, China time, or by \
                 clear_quota, ten times a month"
            }
            (45011 | 44990..=44992, _) => "slow down and go on in the next minute",
            (45028, _) => "no sends to everyone are left: they reset with the month",
            (45029, _) => {
                "all 100,000 permanent codes of the account are made, and none can be deleted: \
                 use temporary ones"
            }
            (48006, _) => "all ten clearings of this month are used up: they reset on the 1st",
            _ => return None,
        })
    }

    fn call_hint(self, endpoint: &str) -> Option<&'static str> {
        Some(match (self.get(), endpoint) {
            (-1, _) => "the platform is busy: go on in a few seconds",
            (40053, _) => "the scene must be 1 to 64 characters, or a number in its range",
            (40097 | 47001, _) => "the body is not the JSON that the call takes",
            (40201, _) => "no callback address is set: 消息推送 in the 微信开发者平台",
            (43003, _) => "the platform must be called over https",
            (46003, _) => "the account has no menu made through the API",
            (48001, "/sns/userinfo") => {
                "the user was asked for snsapi_base only: ask for snsapi_userinfo"
            }
            (48001, "/cgi-bin/qrcode/create") => {
                "only a verified service account (服务号) makes QR codes"
            }
            (48001, _) => "the account's type or verification does not cover this call",
            (48004, _) => "the platform has banned the account from this call: see its console",
            (50002, _) => "the account is limited or frozen: see the 微信开发者平台",
            (50004 | 50007, _) => "the account is frozen: see the 微信开发者平台",
            (76021, _) => "cgi_path must be a path of the platform, with its leading slash",
            (76003, "/cgi-bin/openapi/rid/get") => "the rid is another account's",
            (76004, _) => "a rid can be looked up for seven days",
            (87007, _) => "the session key is gone: let the mini-program call wx.login again",
            (9_410_012, _) => "the short key is unknown, expired, or another account's",
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
            assert!(hint("/cgi-bin/x", code).len() > 20, "{code}");
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
