//! Signatures for pages and cards that use WeChat's JS-SDK.
//!
//! [`App::page_config`] makes all that `wx.config` needs, with the app's ticket from the cache:
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
//! The address is that of the page exactly as the browser shows it, with its query: a page signs
//! `location.href`. In an app of one page on iOS it is the address that the app was entered by.
//! Tickets stay on the server. Source: JS-SDK 使用权限签名算法.

use std::time::UNIX_EPOCH;

use rand::RngExt;
use rand::distr::Alphanumeric;
use serde::Serialize;
use sha1::{Digest, Sha1};

use crate::app::AppId;
use crate::client::App;
use crate::clock::Clock;
use crate::error::Error;
use crate::hex;
use crate::secret::Secret;

/// The longest address that is signed, in bytes.
const URL_MAX: usize = 8192;

/// What `wx.config` needs, under its own names; add `debug` and `jsApiList` in the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PageConfig {
    /// The app.
    pub app_id: AppId,
    /// When it was signed, in Unix seconds.
    pub timestamp: u64,
    /// A text by chance.
    pub nonce_str: String,
    /// The signature of the three and the page's address.
    pub signature: String,
}

/// What `wx.addCard` needs as `cardExt`, once serialized. Source: 批量添加卡券接口.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CardExt {
    /// When it was signed, in Unix seconds, as text.
    pub timestamp: String,
    /// A text by chance.
    pub nonce_str: String,
    /// The signature of both and of the card.
    pub signature: String,
}

impl App {
    /// Signs a page of this official account for `wx.config`. The part of the address after a `#`
    /// is left out, as the platform wants it.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when it is not the address of a page; those
    /// of [`Tokens::ticket`](crate::Tokens::ticket).
    pub async fn page_config(&self, url: impl AsRef<str>) -> Result<PageConfig, Error> {
        let url = page(url.as_ref())?;
        let ticket = self.wechat().tokens().ticket(self.appid()).await?;
        let (timestamp, nonce_str) = (self.unix_now(), nonce());
        let signature = signature(ticket.secret(), &nonce_str, timestamp, url);
        Ok(PageConfig {
            app_id: self.appid().clone(),
            timestamp,
            nonce_str,
            signature,
        })
    }

    /// Signs a card that anyone may add once, for `wx.addCard`. For cards with a code or an openid
    /// of their own there is [`card_signature`].
    ///
    /// # Errors
    /// Those of [`Tokens::card_ticket`](crate::Tokens::card_ticket).
    pub async fn card_ext(&self, card_id: impl AsRef<str>) -> Result<CardExt, Error> {
        let ticket = self.wechat().tokens().card_ticket(self.appid()).await?;
        let (timestamp, nonce_str) = (self.unix_now().to_string(), nonce());
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

/// The signature of a page: SHA-1 over ticket, nonce, time and address, in this order and as they
/// are, in lower-case hexadecimal. What follows a `#` in the address is left out.
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

/// The signature of a card: SHA-1 over the values in their order as bytes, in lower-case
/// hexadecimal. For `wx.addCard` the values are those of the card ticket, timestamp, card_id, code,
/// openid and nonce_str that are given; for `wx.chooseCard` those of the ticket, appId, shopId,
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

/// An address that can be one of a page, without its fragment.
fn page(url: &str) -> Result<&str, Error> {
    let is_page = ["https://", "http://"].iter().any(|scheme| {
        url.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    let has_blank = url.chars().any(|c| c.is_control() || c == ' ');
    if !is_page || has_blank {
        return Err(Error::input(
            "url",
            "must be the page's address as the browser has it: location.href.split('#')[0]",
        ));
    }
    if url.len() > URL_MAX {
        let len = url.len();
        let message = format!("must be at most {URL_MAX} bytes (it has {len})");
        return Err(Error::input("url", message));
    }
    Ok(url.split('#').next().unwrap_or_default())
}

fn nonce() -> String {
    let letters = rand::rng().sample_iter(Alphanumeric);
    letters.take(16).map(char::from).collect()
}
