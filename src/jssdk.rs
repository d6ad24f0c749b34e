//! Signatures for pages and cards that use the WeChat JS-SDK.
//!
//! [`App::page_config`] returns everything that `wx.config` needs, using the app's cached ticket:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = tower_wechat::sandbox::Sandbox::new();
//! # let wechat = sandbox.wechat();
//! let app = wechat.app("wx3cc8fd6963e31a32")?;
//! let config = app.page_config("https://shop.example/cart?item=7#pay").await?;
//! let json = serde_json::to_value(&config)?; // {"appId","timestamp","nonceStr","signature"}
//! assert_eq!(json["appId"], "wx3cc8fd6963e31a32");
//! # Ok(())
//! # }
//! ```
//!
//! Sign the page's URL exactly as the browser shows it, including the query: a page signs
//! `location.href`. In a single-page app on iOS, sign the URL that the app was entered by. Tickets
//! never leave the server. Source: JS-SDK 使用权限签名算法.

use std::time::UNIX_EPOCH;

use serde::Serialize;
use sha1::{Digest, Sha1};

use crate::app::AppId;
use crate::client::App;
use crate::clock::Clock;
use crate::error::Error;
use crate::hex;
use crate::random;
use crate::secret::Secret;

/// The maximum length of a signed URL, in bytes.
const URL_MAX: usize = 8192;

const NONCE_LEN: usize = 16;

/// The fields that `wx.config` needs, under its names. Add `debug` and `jsApiList` in the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PageConfig {
    /// The app's id.
    pub app_id: AppId,
    /// The time of signing, in Unix seconds.
    pub timestamp: u64,
    /// A random text.
    pub nonce_str: String,
    /// The signature over the ticket, the nonce, the timestamp and the page's URL.
    pub signature: String,
}

/// The fields of `cardExt` for `wx.addCard`. Serialize it to JSON. Source: 批量添加卡券接口.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CardExt {
    /// The time of signing, in Unix seconds, as text.
    pub timestamp: String,
    /// A random text.
    pub nonce_str: String,
    /// The signature over the ticket, the other fields and the card.
    pub signature: String,
}

impl App {
    /// Signs a page of this official account for `wx.config`. The fragment, from `#` on, is not
    /// signed, as the platform requires.
    ///
    /// # Errors
    /// Returns [`ErrorKind::Input`](crate::ErrorKind::Input) if `url` is not the URL of a page, and
    /// the errors of [`Tokens::ticket`](crate::Tokens::ticket).
    pub async fn page_config(&self, url: impl AsRef<str>) -> Result<PageConfig, Error> {
        let url = page(url.as_ref())?;
        let ticket = self.wechat().tokens().ticket(self.appid()).await?;
        let (timestamp, nonce_str) = (self.unix_now(), random::alphanumeric(NONCE_LEN));
        let signature = signature(ticket.secret(), &nonce_str, timestamp, url);
        Ok(PageConfig {
            app_id: self.appid().clone(),
            timestamp,
            nonce_str,
            signature,
        })
    }

    /// Signs a card that anyone may add once, for `wx.addCard`. For cards with a code or an openid,
    /// use [`card_signature`].
    ///
    /// # Errors
    /// Returns the errors of [`Tokens::card_ticket`](crate::Tokens::card_ticket).
    pub async fn card_ext(&self, card_id: impl AsRef<str>) -> Result<CardExt, Error> {
        let ticket = self.wechat().tokens().card_ticket(self.appid()).await?;
        let (timestamp, nonce_str) = (self.unix_now().to_string(), random::alphanumeric(NONCE_LEN));
        let values = [
            ticket.secret().expose(),
            &timestamp,
            card_id.as_ref(),
            &nonce_str,
        ];
        let signature = card_signature(values);
        Ok(CardExt {
            timestamp,
            nonce_str,
            signature,
        })
    }

    fn unix_now(&self) -> u64 {
        let now = self.wechat().clock().now();
        now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

/// Signs a page. Returns the SHA-1 digest over ticket, nonce, time and URL in lower-case
/// hexadecimal.
///
/// The values are neither sorted nor encoded. The fragment of the URL, from `#` on, is not signed.
///
/// ```
/// use tower_wechat::jssdk::signature;
///
/// let url = "https://shop.example/cart?item=7";
/// let ticket = "a ticket".into();
/// let signed = signature(&ticket, "Wm3WZYTPz0wzccnW", 1414587457, &format!("{url}#pay"));
/// assert_eq!(signed, signature(&ticket, "Wm3WZYTPz0wzccnW", 1414587457, url));
/// ```
pub fn signature(ticket: &Secret, nonce: &str, timestamp: u64, url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let mut sha = Sha1::new();
    sha.update(b"jsapi_ticket=");
    sha.update(ticket.expose());
    sha.update(format!("&noncestr={nonce}&timestamp={timestamp}&url="));
    sha.update(url);
    hex::lower(&sha.finalize())
}

/// Signs a card. Returns the SHA-1 digest over the values, sorted as bytes, in lower-case
/// hexadecimal.
///
/// For `wx.addCard`, pass those values that the card has: the card ticket, timestamp, card_id,
/// code, openid and nonce_str. For `wx.chooseCard`, pass those of the ticket, appId, shopId,
/// timestamp, nonceStr, cardId and cardType. Source: 卡券签名和校验.
///
/// ```
/// use tower_wechat::jssdk::card_signature;
///
/// assert_eq!(card_signature(["b", "a"]), card_signature(["a", "b"]));
/// ```
pub fn card_signature<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut values: Vec<&str> = values.into_iter().collect();
    values.sort_unstable();
    let mut sha = Sha1::new();
    values.iter().for_each(|value| sha.update(value));
    hex::lower(&sha.finalize())
}

/// Checks that `url` can be a page's URL and returns it without its fragment.
fn page(url: &str) -> Result<&str, Error> {
    let is_page = ["https://", "http://"].iter().any(|scheme| {
        url.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    let has_blank = url.chars().any(|c| c.is_control() || c == ' ');
    if !is_page || has_blank {
        return Err(Error::input(
            "url",
            "must be the page's URL as the browser shows it: location.href.split('#')[0]",
        ));
    }
    if url.len() > URL_MAX {
        let len = url.len();
        let message = format!("must be at most {URL_MAX} bytes (it has {len})");
        return Err(Error::input("url", message));
    }
    Ok(url.split('#').next().unwrap_or_default())
}
