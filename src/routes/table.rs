//! The table of the JSON routes.

use http::{Request, StatusCode};
use http_body::Body as HttpBody;
use tower::Service;

use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService, Options, Served};
use super::phone::Phone;
use super::qrcode::Qrcode;
use super::template_message::TemplateMessage;
use super::unlimited_qrcode::UnlimitedQrcode;
use super::userinfo::UserInfo;
use crate::client::Wechat;
use crate::error::BoxError;

/// The state that the routes of the table share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) wechat: Wechat,
    pub(super) options: Options,
    pub(super) userinfo: UserInfo,
}

type Serve<B> = fn(&Shared, Request<B>) -> Served;

/// Generates the names and the dispatch function of the routes in the table.
macro_rules! table {
    ($($route:ident: $make:expr;)*) => {
        const NAMES: &[&str] = &[$($route::NAME),*];

        /// Returns the function that serves the route with this name.
        pub(super) fn find<B>(name: &str) -> Option<Serve<B>>
        where
            B: HttpBody + Send + 'static,
            B::Data: Send,
            B::Error: Into<BoxError>,
        {
            $(
                if name == $route::NAME {
                    return Some(|shared, request| {
                        let make: fn(&Shared) -> $route = $make;
                        let (route, options) = (make(shared), shared.options.clone());
                        JsonService { route, options }.call(request)
                    });
                }
            )*
            None
        }
    };
}

// To add a route, add a file with its `JsonRoute` and a line here.
table! {
    UserInfo: |shared| shared.userinfo.clone();
    Qrcode: |shared| Qrcode::new(shared.wechat.clone());
    UnlimitedQrcode: |shared| UnlimitedQrcode::new(shared.wechat.clone());
    Phone: |shared| Phone::new(shared.wechat.clone());
    TemplateMessage: |shared| TemplateMessage::new(shared.wechat.clone());
}

/// The failure for an unknown route. Does not list `token`, which not every caller may use.
pub(super) fn unknown() -> Failure {
    let names = NAMES.join(", ");
    let message = format!(
        "no such route: the routes are {names}, wxmsg (when exactly one app receives pushes) \
         and wxmsg/{{appid}}"
    );
    Failure::new(StatusCode::NOT_FOUND, RetCode::OTHER, message)
}
