//! Adds the credential, and replaces an access token that the platform refuses.

use super::call::{Judged, Outgoing};
use super::stack::Stack;
use crate::api::{Auth, Verdict};
use crate::error::{Error, ErrorClass};
use crate::token::Tokens;

impl Stack {
    /// Sends a call with the credential that it asks for.
    ///
    /// When the platform refuses the access token (40001, 40014 or 42001), the token that was used
    /// is retired and the same bytes are sent once more with the current one. The platform has not
    /// acted on the refused call, so this is safe for every call. A second refusal is the caller's.
    pub(super) async fn authenticated(
        &self,
        tokens: Option<&Tokens>,
        call: &Outgoing,
    ) -> Result<Judged, Error> {
        let appid = call.context.appid();
        match call.context.auth() {
            Auth::None => self.once(call, &[]).await,
            Auth::AppId => self.once(call, &[("appid", appid.as_str())]).await,
            Auth::AppSecret => {
                let secret = call.context.entry().secret()?.secret().expose();
                let credential = [("appid", appid.as_str()), ("secret", secret)];
                self.once(call, &credential).await
            }
            Auth::AccessToken => {
                let Some(tokens) = tokens else {
                    return Err(Error::config("a token is not fetched with a token"));
                };
                let token = tokens.get(appid).await?;
                let used = token.secret();
                let answer = self.once(call, &[("access_token", used.expose())]).await?;
                if !refuses_token(&answer) {
                    return Ok(answer);
                }
                let token = tokens.renew(appid, used).await?;
                if token.secret() == used {
                    return Ok(answer);
                }
                let credential = [("access_token", token.secret().expose())];
                self.once(call, &credential).await
            }
        }
    }
}

fn refuses_token(answer: &Judged) -> bool {
    matches!(answer.verdict, Verdict::Refused(code) if code.class() == ErrorClass::Refresh)
}
