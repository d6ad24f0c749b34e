//! Adds the credential to a call, and replaces an access token that the platform rejects.

use super::call::{Judged, Outgoing};
use super::stack::Stack;
use crate::api::{Auth, Verdict};
use crate::error::{Error, ErrorClass};
use crate::token::Tokens;

impl Stack {
    /// Sends a call with the credential that its endpoint requires.
    ///
    /// When the platform rejects the access token (40001, 40014 or 42001), retires that token and
    /// sends the same bytes once more with the current one. The platform did not act on the
    /// rejected call, so this is safe for every call. A second rejection is returned to the caller.
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
                    return Err(Error::config("a token cannot be fetched with a token"));
                };
                let app = call.context.entry();
                let token = tokens.get_for(app).await?;
                let used = token.secret();
                let answer = self.once(call, &[("access_token", used.expose())]).await?;
                if !refuses_token(&answer) {
                    return Ok(answer);
                }
                let token = tokens.renew_for(app, used).await?;
                // `renew` found no better token: sending it again would fail the same way.
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
    // Without the endpoint: only calls without an access token give these codes another meaning.
    matches!(answer.verdict, Verdict::Refused(code) if code.class() == ErrorClass::Refresh)
}
