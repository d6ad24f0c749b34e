//! Maps error codes to the remedies that help.

use super::{ErrCode, miniprogram};

/// The kind of remedy that helps against an [`Error`](crate::Error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The access token was rejected. Fetch a new one and repeat the call. When a caller sees this
    /// class, the client has already done so once.
    Refresh,
    /// The failure may be temporary. Repeat the call later.
    Retry,
    /// A quota is used up. No call succeeds before it resets.
    Quota,
    /// The operator must act: correct the secret, the IP whitelist or the account settings.
    Config,
    /// The user must act: sign in again, follow the account or allow the message.
    User,
    /// The account may not make this call.
    Permission,
    /// An argument of the call is wrong.
    Input,
    /// The code is not known. Repeating the call is not expected to help.
    Unknown,
}

impl ErrCode {
    /// Returns the class of the code, for a call made with an app's access token.
    pub const fn class(self) -> ErrorClass {
        // Codes that are not listed are `Unknown`: a wrong remedy is worse than none.
        match self.get() {
            40001 | 40014 | 42001 => ErrorClass::Refresh,
            -1 | 1003 | 20001 | 200001 | 61450 | 43108 | 44990..=44992 | 45011 | 45066 => {
                ErrorClass::Retry
            }
            44993 | 45009 | 45012 | 45026 | 45028 | 45029 | 48006 | 85400 | 85406 => {
                ErrorClass::Quota
            }
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
            | 89507 => ErrorClass::Config,
            40029 | 40030 | 40163 | 40226 | 42002 | 42003 | 42007 | 43004 | 43005 | 43019
            | 43101 | 45015 | 45047 | 45080 | 45081 | 48002 | 50005 | 61023 | 87007 => {
                ErrorClass::User
            }
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
            | 85408 => ErrorClass::Permission,
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
            | 45067..=45079
            | 45082..=45168
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
            | 9410010..=9410012 => ErrorClass::Input,
            _ => ErrorClass::Unknown,
        }
    }

    /// Returns the class of the code at `endpoint`. Some endpoints reuse a number with another
    /// meaning.
    pub(crate) fn class_at(self, endpoint: &str) -> ErrorClass {
        if let Some(class) = miniprogram::class_at(self, endpoint) {
            return class;
        }
        let of_user = endpoint.starts_with("/sns/");
        match (endpoint, self.get()) {
            ("/cgi-bin/token" | "/cgi-bin/stable_token", 40001) => ErrorClass::Config,
            (_, 40001 | 40014 | 42001) if of_user => ErrorClass::User,
            // The appid in the message is wrong. The calling app's id was accepted with its token.
            ("/cgi-bin/message/template/send" | "/cgi-bin/message/subscribe/bizsend", 40013) => {
                ErrorClass::Input
            }
            // The recipient does not belong to the account, or has unfollowed it.
            (
                "/cgi-bin/message/template/send"
                | "/cgi-bin/message/subscribe/send"
                | "/cgi-bin/message/subscribe/bizsend"
                | "/cgi-bin/message/custom/send"
                | "/cgi-bin/message/custom/typing",
                40003,
            ) => ErrorClass::User,
            _ => self.class(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_what_it_means_at_its_endpoint() {
        let at = |endpoint, code| ErrCode::new(code).class_at(endpoint);
        assert_eq!(at("/cgi-bin/user/info", 40001), ErrorClass::Refresh);
        assert_eq!(at("/cgi-bin/stable_token", 40001), ErrorClass::Config);
        assert_eq!(at("/sns/userinfo", 42001), ErrorClass::User);
        assert_eq!(at("/wxa/generatescheme", 40002), ErrorClass::Permission);
        assert_eq!(at("/cgi-bin/token", 40002), ErrorClass::Input);
        assert_eq!(
            at("/cgi-bin/message/template/send", 40013),
            ErrorClass::Input
        );
        assert_eq!(at("/cgi-bin/token", 40013), ErrorClass::Config);
        assert_eq!(
            at("/cgi-bin/message/template/send", 40003),
            ErrorClass::User
        );
        assert_eq!(at("/cgi-bin/user/info", 40003), ErrorClass::Input);
    }

    #[test]
    fn only_what_may_pass_is_transient() {
        let of = |code| ErrCode::new(code).class();
        assert_eq!(of(-1), ErrorClass::Retry);
        assert_eq!(of(45011), ErrorClass::Retry);
        assert_eq!(of(45009), ErrorClass::Quota);
        assert_eq!(of(43004), ErrorClass::User);
        assert_eq!(of(45065), ErrorClass::Unknown);
        assert_eq!(of(123_456), ErrorClass::Unknown);
    }
}
