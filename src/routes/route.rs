//! The names of the JSON routes.

use http::StatusCode;

use super::failure::{Failure, RetCode};
use super::json::JsonRoute;
use super::phone::Phone;
use super::qrcode::Qrcode;
use super::template_message::TemplateMessage;
use super::token::ServeToken;
use super::unlimited_qrcode::UnlimitedQrcode;
use super::userinfo::UserInfo;

/// A route that takes JSON.
#[derive(Debug, Clone, Copy)]
pub(super) enum Route {
    UserInfo,
    Qrcode,
    UnlimitedQrcode,
    Phone,
    TemplateMessage,
    Token,
}

impl Route {
    /// Those that there always are.
    const ALWAYS: [Self; 5] = [
        Self::UserInfo,
        Self::Qrcode,
        Self::UnlimitedQrcode,
        Self::Phone,
        Self::TemplateMessage,
    ];

    /// The route at a path below the mount.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut routes = Self::ALWAYS.into_iter().chain([Self::Token]);
        routes.find(|route| route.name() == path)
    }

    fn name(self) -> &'static str {
        match self {
            Self::UserInfo => UserInfo::NAME,
            Self::Qrcode => Qrcode::NAME,
            Self::UnlimitedQrcode => UnlimitedQrcode::NAME,
            Self::Phone => Phone::NAME,
            Self::TemplateMessage => TemplateMessage::NAME,
            Self::Token => ServeToken::NAME,
        }
    }

    /// There is no such route. Who is not to use the tokens is not told of theirs.
    pub(super) fn none() -> Failure {
        let always = Self::ALWAYS.map(Self::name).join(", ");
        let message = format!(
            "no such route: there are {always}, wxmsg (when exactly one app receives pushes) and \
             wxmsg/{{appid}}"
        );
        Failure::new(StatusCode::NOT_FOUND, RetCode::OTHER, message)
    }
}
