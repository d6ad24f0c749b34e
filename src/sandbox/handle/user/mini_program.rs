//! Users of a mini-program.

use std::time::UNIX_EPOCH;

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use serde_json::{Value, json};

use super::User;
use crate::clock::Clock;

impl User {
    /// Opens the mini-program and returns the code that `wx.login` gives the client. The code works
    /// once, for five minutes.
    ///
    /// ```
    /// let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// let user = sandbox.user("Hui");
    /// assert_ne!(user.login_code(), user.login_code());
    /// ```
    pub fn login_code(&self) -> String {
        let sandbox = self.sandbox();
        let mut state = sandbox.state();
        let now = sandbox.clock.now();
        let code = state.sessions.login_code(self.appid(), self.person(), now);
        state.issued.note(&code);
        code
    }

    /// Presses the `getPhoneNumber` button, consents, and returns the code that the client gets.
    /// The code works once, for five minutes.
    pub fn phone_code(&self) -> String {
        let sandbox = self.sandbox();
        let mut state = sandbox.state();
        let now = sandbox.clock.now();
        let code = state.phones.code(self.appid(), self.person(), now);
        state.issued.note(&code);
        code
    }

    /// Returns the user's Chinese phone number.
    pub fn phone_number(&self) -> String {
        let state = self.sandbox().state();
        let person = state.directory.person(self.person());
        person.map_or_else(String::new, |person| person.phone.clone())
    }

    /// Encrypts `json` with the user's current session key, as the client receives it:
    /// `{"encryptedData":"…","iv":"…"}`.
    ///
    /// A watermark is added, except to group, chat and share data: an object with `opengid`,
    /// `openGId` or `chat_type`.
    ///
    /// Returns `None` if the user has no session or `json` is not an object.
    pub fn encrypted_data(&self, json: &str) -> Option<String> {
        let sandbox = self.sandbox();
        let now = sandbox.clock.now().duration_since(UNIX_EPOCH);
        let mut data: Value = serde_json::from_str(json).ok()?;
        let watermark = json!({
            "timestamp": now.unwrap_or_default().as_secs(),
            "appid": self.appid(),
        });
        let object = data.as_object_mut()?;
        let of_group = ["opengid", "openGId", "chat_type"];
        if !of_group.iter().any(|field| object.contains_key(*field)) {
            object.insert("watermark".to_owned(), watermark);
        }
        let openid = self.openid();
        let key = {
            let state = sandbox.state();
            STANDARD.decode(state.sessions.key(self.appid(), &openid)?)
        };
        let key: [u8; 16] = key.ok()?.try_into().ok()?;
        let iv = rand::random::<[u8; 16]>();

        let text = data.to_string();
        let mut buffer = text.clone().into_bytes();
        buffer.resize(text.len() + 16, 0);
        let encrypted = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into())
            .encrypt_padded::<Pkcs7>(&mut buffer, text.len())
            .ok()?;
        let (data, iv) = (STANDARD.encode(encrypted), STANDARD.encode(iv));
        Some(json!({ "encryptedData": data, "iv": iv }).to_string())
    }
}
