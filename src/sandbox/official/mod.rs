//! Official accounts.

pub(super) mod followers;
mod menu;
pub(super) mod network;
mod qrcode;
mod quota;
mod relation;
mod rid;
mod scene;
mod shorten;
mod subscribe;
mod template;
mod user;

pub(super) use self::menu::Menus;
pub(super) use self::qrcode::QrCodes;
pub(super) use self::quota::Quotas;
pub(super) use self::relation::Relations;
pub(super) use self::rid::RefusedCalls;
pub(super) use self::shorten::ShortKeys;
pub(super) use self::subscribe::SubscribeMessages;
pub(super) use self::template::{Industries, Templates};
