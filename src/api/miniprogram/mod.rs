//! Mini-programs (小程序): codes and links that open one, the user's session, phone number and
//! data.
//!
//! | to do | take |
//! |---|---|
//! | a code image | [`code`] |
//! | a link | [`link`] |
//! | sign a user in, keep or end the session | [`session`] |
//! | the user's phone number | [`phone`] |
//! | read what `wx.getUserInfo` and its like gave the client | [`user_data`] |

pub mod code;
mod limits;
pub mod link;
pub mod phone;
pub mod session;
mod style;
pub mod user_data;
mod watermark;

pub use self::watermark::Watermark;

use serde::Serialize;

/// The version of a mini-program that a code or a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EnvVersion {
    /// The released version (正式版).
    #[default]
    Release,
    /// The trial version (体验版), for its testers.
    Trial,
    /// The development version (开发版), for its developers.
    Develop,
}

impl EnvVersion {
    /// The version that the platform calls `release`, `trial` or `develop`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "release" => Some(Self::Release),
            "trial" => Some(Self::Trial),
            "develop" => Some(Self::Develop),
            _ => None,
        }
    }
}
