//! The apps of the sandbox.

use crate::app::{AppConfig, AppId};
use crate::callback::push::{Form, Sender};
use crate::callback::verify::crypto::AesKey;
use crate::callback::{CallbackKeys, Mode};
use crate::sandbox::account_type::AccountType;
use crate::sandbox::random;
use crate::secret::Secret;

/// An app's credentials and settings.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Account {
    pub(super) secret: Secret,
    /// The account type. `None` means that the app may make the calls of every type.
    pub(in crate::sandbox) account_type: Option<AccountType>,
    pub(in crate::sandbox) original_id: String,
    keys: Keys,
    pub(in crate::sandbox) callback_url: String,
}

/// What pushes are signed and encrypted with.
#[derive(Debug, Clone)]
struct Keys {
    mode: Mode,
    token: Secret,
    encoding_aes_key: Secret,
    aes_key: AesKey,
}

impl Keys {
    #[expect(clippy::expect_used, reason = "43 letters and digits are always a key")]
    fn new(mode: Mode) -> Self {
        let encoding_aes_key = random::alphanumeric(43);
        Self {
            mode,
            token: Secret::new(random::alphanumeric(32)),
            aes_key: AesKey::parse(&encoding_aes_key).expect("43 letters and digits"),
            encoding_aes_key: Secret::new(encoding_aes_key),
        }
    }
}

impl Account {
    pub(super) fn new(appid: &AppId, mode: Mode) -> Self {
        Self {
            secret: new_secret(),
            account_type: None,
            original_id: format!("gh_{}", random::hex(12)),
            keys: Keys::new(mode),
            callback_url: format!("/v1/service/wx/wxmsg/{appid}"),
        }
    }

    pub(in crate::sandbox) fn reset_secret(&mut self) {
        self.secret = new_secret();
    }

    pub(in crate::sandbox) fn reset_callback_keys(&mut self, mode: Mode) {
        self.keys = Keys::new(mode);
    }

    pub(super) fn config(&self, appid: &AppId) -> AppConfig {
        let config = AppConfig::new(appid.as_str(), self.secret.clone());
        let (token, aes_key) = (&self.keys.token, &self.keys.encoding_aes_key);
        let (token, aes_key) = (token.expose(), aes_key.expose());
        let keys = match self.keys.mode {
            Mode::Plaintext => CallbackKeys::plaintext(token),
            Mode::Compatible => CallbackKeys::compatible(token, aes_key),
            Mode::Secure => CallbackKeys::secure(token, aes_key),
        };
        // Generated keys are always well-formed, so the fallback is never used.
        keys.map_or(config.clone(), |keys| config.callback(keys))
    }

    /// Returns the sender of pushes to the app's callback.
    pub(in crate::sandbox) fn outgoing<'a>(&'a self, appid: &'a AppId) -> Sender<'a> {
        Sender {
            appid,
            token: &self.keys.token,
            form: match self.keys.mode {
                Mode::Plaintext => Form::Clear,
                Mode::Compatible => Form::Both(&self.keys.aes_key),
                Mode::Secure => Form::Encrypted(&self.keys.aes_key),
            },
        }
    }

    pub(in crate::sandbox) fn secrets(&self) -> [Secret; 3] {
        self.credentials().map(Secret::clone)
    }

    /// Returns the app's secret, its callback token and its AES key.
    pub(in crate::sandbox) fn credentials(&self) -> [&Secret; 3] {
        [&self.secret, &self.keys.token, &self.keys.encoding_aes_key]
    }
}

fn new_secret() -> Secret {
    Secret::new(random::hex(32))
}
