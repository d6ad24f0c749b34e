//! The keys that verify and decrypt an app's pushes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::callback::push::{Form, Sender};
use crate::callback::verify::crypto::AesKey;
use crate::error::Error;
use crate::secret::Secret;

/// The maximum length of a token, in characters. The platform's console accepts 3 to 32.
const TOKEN_MAX: usize = 64;

/// The Token and the EncodingAESKey from 消息推送 in the 微信开发者平台, and the mode
/// (消息加解密方式) they are used in. The mode is set only here: a request cannot lower it.
///
/// Both can be rotated while the platform still uses the old values. Set the old value as the
/// previous one, and remove it some hours after the console was changed.
/// [`Wechat::insert_app`](crate::Wechat::insert_app) does the former by itself.
///
/// ```
/// use tower_wechat::{AppId, CallbackKeys};
///
/// let aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// let keys = CallbackKeys::secure("thenewtoken", aes_key)?.previous_token("theoldtoken")?;
/// assert_eq!(format!("{keys:?}"), "CallbackKeys(Secure)");
///
/// let recipient = keys.for_app(AppId::new("wx3cc8fd6963e31a32")?);
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone)]
pub struct CallbackKeys {
    tokens: Pair<Secret>,
    cipher: Cipher,
    mini_program: bool,
}

/// The protection of an app's push bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// 明文模式: bodies are in plaintext and not signed.
    Plaintext,
    /// 兼容模式: bodies contain both plaintext and ciphertext. Only the ciphertext is used.
    Compatible,
    /// 安全模式: bodies are encrypted.
    Secure,
}

impl FromStr for Mode {
    type Err = Error;

    /// Parses `plaintext`, `compatible` or `secure`.
    fn from_str(mode: &str) -> Result<Self, Error> {
        match mode {
            "plaintext" => Ok(Self::Plaintext),
            "compatible" => Ok(Self::Compatible),
            "secure" => Ok(Self::Secure),
            _ => Err(Error::input(
                "mode",
                "must be plaintext, compatible or secure",
            )),
        }
    }
}

#[derive(Clone)]
enum Cipher {
    Plaintext,
    Compatible(Pair<AesKey>),
    Secure(Pair<AesKey>),
}

impl Cipher {
    fn keys(&self) -> Option<&Pair<AesKey>> {
        match self {
            Self::Plaintext => None,
            Self::Compatible(keys) | Self::Secure(keys) => Some(keys),
        }
    }

    fn keys_mut(&mut self) -> Option<&mut Pair<AesKey>> {
        match self {
            Self::Plaintext => None,
            Self::Compatible(keys) | Self::Secure(keys) => Some(keys),
        }
    }
}

/// The current key and the previous one.
#[derive(Clone)]
struct Pair<T> {
    current: T,
    previous: Option<T>,
}

impl<T> Pair<T> {
    fn new(current: T) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl<T: Clone + PartialEq> Pair<T> {
    /// Keeps a key of the pair that this one replaces as the previous one, unless it has one.
    fn replace(&mut self, old: &Self) {
        if self.previous.is_none() {
            self.previous = match self.current == old.current {
                true => old.previous.clone(),
                false => Some(old.current.clone()),
            };
        }
    }
}

impl CallbackKeys {
    /// Creates keys for 明文模式. Prefer [`secure`](Self::secure): in this mode the platform does
    /// not sign the body.
    ///
    /// An attacker who sees a push before it arrives can use its signature with another body. After
    /// the push has arrived, its signature is refused with any other body while its timestamp is
    /// fresh. Later, after [`ambiguity`](crate::Callback::ambiguity) (24 hours by default), a
    /// signature whose nonce reads as the current time can be used once more, with any body. See
    /// the [security section](crate#security).
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a token that is not 1 to 64 printable
    /// ASCII characters without spaces.
    pub fn plaintext(token: impl Into<String>) -> Result<Self, Error> {
        Self::new(token.into(), Cipher::Plaintext)
    }

    /// Creates keys for 兼容模式. The plaintext half of a body is ignored, so this is as safe
    /// against forgery as 安全模式. However, the platform sends users' messages unencrypted.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a token as in
    /// [`plaintext`](Self::plaintext), or an EncodingAESKey that is not 43 letters and digits.
    pub fn compatible(token: impl Into<String>, aes_key: impl AsRef<str>) -> Result<Self, Error> {
        let key = Pair::new(AesKey::parse(aes_key)?);
        Self::new(token.into(), Cipher::Compatible(key))
    }

    /// Creates keys for 安全模式.
    ///
    /// # Errors
    /// As in [`compatible`](Self::compatible).
    pub fn secure(token: impl Into<String>, aes_key: impl AsRef<str>) -> Result<Self, Error> {
        let key = Pair::new(AesKey::parse(aes_key)?);
        Self::new(token.into(), Cipher::Secure(key))
    }

    fn new(token: String, cipher: Cipher) -> Result<Self, Error> {
        Ok(Self {
            tokens: Pair::new(checked(token)?),
            cipher,
            mini_program: false,
        })
    }

    /// Also accepts pushes that are signed with the previous token.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a malformed token.
    pub fn previous_token(mut self, token: impl Into<String>) -> Result<Self, Error> {
        self.tokens.previous = Some(checked(token.into())?);
        Ok(self)
    }

    /// Also accepts pushes that are encrypted with the previous EncodingAESKey. They are answered
    /// with the same key.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) for a malformed key, or in
    /// [`Mode::Plaintext`].
    pub fn previous_aes_key(mut self, aes_key: impl AsRef<str>) -> Result<Self, Error> {
        let keys = self.cipher.keys_mut().ok_or_else(|| {
            let why = "has no effect in plaintext mode: create the keys with secure or compatible";
            Error::input("aes_key", why)
        })?;
        keys.previous = Some(AesKey::parse(aes_key)?);
        Ok(self)
    }

    /// Marks the app as a 小程序. The only passive reply of a mini-program is
    /// [`Reply::transfer_customer_service`](crate::Reply::transfer_customer_service). Any other
    /// reply is sent as `success`, with a warning in the log, because the platform would tell the
    /// user that the service is unavailable. Answer with a customer-service message instead.
    #[must_use]
    pub fn mini_program(mut self) -> Self {
        self.mini_program = true;
        self
    }

    /// Keeps the current token and EncodingAESKey of the keys that these replace as the previous
    /// ones, unless these have their own. A value that did not change keeps its previous one.
    pub(crate) fn replace(&mut self, old: &Self) {
        self.tokens.replace(&old.tokens);
        if let (Some(keys), Some(old)) = (self.cipher.keys_mut(), old.cipher.keys()) {
            keys.replace(old);
        }
    }

    pub(crate) fn is_mini_program(&self) -> bool {
        self.mini_program
    }

    /// Returns the mode.
    pub fn mode(&self) -> Mode {
        match self.cipher {
            Cipher::Plaintext => Mode::Plaintext,
            Cipher::Compatible(_) => Mode::Compatible,
            Cipher::Secure(_) => Mode::Secure,
        }
    }

    /// Assigns the keys to an app. A ciphertext contains the id of its app, and one for another app
    /// is refused.
    pub fn for_app(self, appid: AppId) -> Recipient {
        Recipient { appid, keys: self }
    }

    /// Returns the sending side: signs and encrypts pushes that these keys verify.
    pub(crate) fn outgoing<'a>(&'a self, appid: &'a AppId) -> Sender<'a> {
        Sender {
            appid,
            token: &self.tokens.current,
            form: match &self.cipher {
                Cipher::Plaintext => Form::Clear,
                Cipher::Compatible(keys) => Form::Both(&keys.current),
                Cipher::Secure(keys) => Form::Encrypted(&keys.current),
            },
        }
    }

    /// Returns the current token and the previous one.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Secret> {
        self.tokens.iter()
    }

    /// Returns the current key and the previous one; empty in plaintext mode.
    pub(crate) fn aes_keys(&self) -> impl Iterator<Item = &AesKey> {
        self.cipher.keys().into_iter().flat_map(Pair::iter)
    }
}

/// Prints only the mode. A token may be short enough to be guessed from a fingerprint.
impl fmt::Debug for CallbackKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackKeys({:?})", self.mode())
    }
}

/// An app that receives pushes, with its keys; made by [`CallbackKeys::for_app`].
#[derive(Debug, Clone)]
pub struct Recipient {
    appid: AppId,
    keys: CallbackKeys,
}

impl Recipient {
    /// Returns the app.
    pub fn appid(&self) -> &AppId {
        &self.appid
    }

    /// Returns the keys.
    pub fn keys(&self) -> &CallbackKeys {
        &self.keys
    }
}

fn checked(token: String) -> Result<Secret, Error> {
    let legal = token.bytes().all(|byte| byte.is_ascii_graphic());
    if !legal || !(1..=TOKEN_MAX).contains(&token.len()) {
        return Err(Error::input(
            "token",
            format!(
                "must be 1 to {TOKEN_MAX} printable ASCII characters without spaces (it has {} \
                 bytes): copy the Token from 消息推送 in the 微信开发者平台",
                token.len()
            ),
        ));
    }
    Ok(Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

    #[test]
    fn tokens_have_a_shape_and_errors_do_not_show_them() {
        for wrong in ["", "with space", "newline\n", "令牌", &"x".repeat(65)] {
            let error = CallbackKeys::plaintext(wrong).unwrap_err();
            assert_eq!(error.field(), Some("token"));
            assert!(wrong.is_empty() || !format!("{error} {error:?}").contains(wrong));
        }
        assert!(CallbackKeys::plaintext("x".repeat(64)).is_ok());
    }

    #[test]
    fn debug_shows_neither_token_nor_key() {
        let keys = CallbackKeys::secure("tokentoken", AES_KEY).unwrap();
        let keys = keys.previous_token("oldoldold").unwrap();
        let keys = keys.previous_aes_key("A".repeat(43)).unwrap();
        assert_eq!(format!("{keys:?}"), "CallbackKeys(Secure)");
        let recipient = keys.for_app(AppId::new("wx1").unwrap());
        assert_eq!(
            format!("{recipient:?}"),
            "Recipient { appid: wx1, keys: CallbackKeys(Secure) }"
        );
    }

    #[test]
    fn plaintext_mode_has_no_key() {
        let keys = CallbackKeys::plaintext("token").unwrap();
        assert_eq!(keys.aes_keys().count(), 0);
        let error = keys.previous_aes_key(AES_KEY).unwrap_err();
        assert_eq!(error.field(), Some("aes_key"));
    }
}
