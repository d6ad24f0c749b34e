//! Mini-programs (小程序): codes and links that open one, and the session, phone number and data of
//! its users.
//!
//! | to do | use |
//! |---|---|
//! | create a code image | [`code`] |
//! | create a link | [`link`] |
//! | sign a user in, check or reset the session | [`session`] |
//! | read the user's phone number | [`phone`] |
//! | decrypt the data of `wx.getUserInfo` and similar calls | [`user_data`] |

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
    /// Returns the version named `release`, `trial` or `develop`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "release" => Some(Self::Release),
            "trial" => Some(Self::Trial),
            "develop" => Some(Self::Develop),
            _ => None,
        }
    }
}
