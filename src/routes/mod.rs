//! The documented routes: JSON in, `{ret, body}` out, for callers in any language.
//!
//! | path below the mount | method | |
//! |---|---|---|
//! | `getwxuserinfo` | `POST` | a code of web OAuth for the user's profile: [`UserInfoService`] |
//! | `getwxqrcode` | `POST` | a QR code with a scene: [`QrcodeService`] |
//! | `sendwxtemplatemsg` | `POST` | a template message to a follower: [`TemplateMessageService`] |
//! | `getunlimitedqrcode` | `POST` | a mini-program's code as an image: [`UnlimitedQrcodeService`] |
//! | `getuserphone` | `POST` | a code of the phone-number button for the number: [`PhoneService`] |
//! | `token` | `POST` | an app's access token, with [`Routes::serve_tokens`] only: [`TokenRoute`] |
//! | `wxmsg` | `GET`, `POST` | the platform's pushes: [`Callback`](crate::Callback), when one app receives them |
//! | `wxmsg/{appid}` | `GET`, `POST` | the same, for each app that receives them |
//!
//! The documented mount is `/v1/service/wx`. A router that takes the prefix off, such as axum's
//! `nest_service`, needs nothing more; for one that does not there is [`Routes::prefix`].
//!
//! # Who may call
//!
//! The host says it once, with [`Routes::access_keys`] or [`Routes::unprotected`]; until then the
//! JSON routes answer 401. Each of their services that is mounted alone has the same two methods,
//! but [`TokenRoute`], which has keys in any case. `wxmsg` needs no key: its pushes are signed.
//!
//! # The envelope
//!
//! ```json
//! {"ret":{"code":0,"msg":"OK","request_id":"wxmsg_7Fq0ZkW1xB"},"body":{}}
//! ```
//!
//! Success is HTTP 200 with code 0. A failure has a status that fits, one of the codes below, a
//! message that says what to do, and `errcode`, `errmsg` and `rid` when the platform refused.
//!
//! | code | |
//! |---|---|
//! | 3584001 | anything else |
//! | 3584002 | a parameter is wrong |
//! | 3584004 | the token was not to be had |
//! | 3584005 | the app is not configured, or its secret is wrong |
//! | 3584006 | the user's profile was not to be had |
//! | 3584007 | the code was not to be had |
//! | 3584008 | the phone number was not to be had |
//! | 3584009 | the template message was not sent |
//!
//! `source` names the calling business and is required; `flow_id` is echoed; `app_id` is taken for
//! `appid`. The caller's `x-request-id` is used in place of a new one. It is on every log line of
//! the request, in the span `wechat.route`.

mod access;
mod caller;
mod envelope;
mod failure;
mod future;
mod json;
mod no_handler;
mod phone;
mod qrcode;
mod request_id;

mod service;
mod settings;
mod table;
mod template_message;
mod token;
mod unlimited_qrcode;
mod userinfo;

pub use self::failure::{Failure, RetCode};
pub use self::future::ResponseFuture;
pub use self::json::{JsonRoute, JsonService};
pub use self::no_handler::NoHandler;
pub use self::phone::{Phone, PhoneAnswer, PhoneRequest, PhoneService};
pub use self::qrcode::{Qrcode, QrcodeAnswer, QrcodeRequest, QrcodeService};
pub use self::service::Routes;
pub use self::template_message::{
    TemplateMessage, TemplateMessageAnswer, TemplateMessageRequest, TemplateMessageService,
};
pub use self::token::TokenRoute;
pub use self::unlimited_qrcode::{
    UnlimitedQrcode, UnlimitedQrcodeAnswer, UnlimitedQrcodeRequest, UnlimitedQrcodeService,
};
pub use self::userinfo::{UserInfo, UserInfoAnswer, UserInfoRequest, UserInfoService};
