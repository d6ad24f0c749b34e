//! Pushes as the platform sends them, as whole requests in bytes.

use std::io::Write;
use std::ops::Range;
use std::time::UNIX_EPOCH;

use tower_wechat::callback::Mode;
use tower_wechat::callback::crypto::AesKey;
use tower_wechat::callback::signature::sign;
use tower_wechat::{BoxError, Clock, SystemClock};

pub(crate) const APPID: &str = "wx3cc8fd6963e31a32";
pub(crate) const TOKEN: &str = "callbacktoken";
pub(crate) const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// Requests with unique nonces and messages.
pub(crate) struct Pushes {
    bytes: Vec<u8>,
    requests: Vec<Range<usize>>,
}

impl Pushes {
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(self.requests.get(index)?.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }
}

/// Builds the pushes of a run.
pub(crate) struct Author {
    key: AesKey,
    /// The number of pushes so far, which makes each one unique.
    written: u64,
}

impl Author {
    pub(crate) fn new() -> Result<Self, BoxError> {
        Ok(Self {
            key: AesKey::parse(AES_KEY)?,
            written: 0,
        })
    }

    /// Builds `count` pushes to `path`, signed with the current time.
    pub(crate) fn write(
        &mut self,
        mode: Mode,
        path: &str,
        count: usize,
    ) -> Result<Pushes, BoxError> {
        let now = SystemClock::default()
            .now()
            .duration_since(UNIX_EPOCH)?
            .as_secs();
        let mut pushes = Pushes {
            bytes: Vec::new(),
            requests: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let start = pushes.bytes.len();
            self.push(mode, path, now, &mut pushes.bytes)?;
            pushes.requests.push(start..pushes.bytes.len());
        }
        Ok(pushes)
    }

    fn push(
        &mut self,
        mode: Mode,
        path: &str,
        now: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), BoxError> {
        self.written += 1;
        let mut body = text(now, 25_000_000_000_000_000 + self.written);
        let timestamp = now.to_string();
        let nonce = (1_000_000_000 + self.written).to_string();
        let signature = sign([TOKEN, &timestamp, &nonce]);
        let mut query = format!("signature={signature}&timestamp={timestamp}&nonce={nonce}");
        if mode == Mode::Secure {
            let random = (u128::from(self.written) << 64 | u128::from(now)).to_be_bytes();
            let encrypt = self.key.encrypt(&body, APPID, random);
            let signature = sign([TOKEN, &timestamp, &nonce, &encrypt]);
            query += &format!("&encrypt_type=aes&msg_signature={signature}");
            body = format!(
                "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
                 <Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
            );
        }
        write!(
            bytes,
            "POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\n\
             Accept: */*\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        Ok(())
    }
}

/// A user's text message of about 400 bytes.
fn text(now: u64, msg_id: u64) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
         <FromUserName><![CDATA[oLVPpjqs9BhvzwPj5A-vTYAX3GLc]]></FromUserName>\
         <CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[{CONTENT}]]></Content><MsgId>{msg_id}</MsgId></xml>"
    )
}

const CONTENT: &str = "是否还在营业? is the shop open today? 是否还在营业? is the shop open today? \
     是否还在营业? is the shop open?";
