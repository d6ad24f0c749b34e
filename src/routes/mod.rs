//! The documented routes: JSON requests, `{ret, body}` answers, for callers in any language.
//!
//! | path below the mount | method | |
//! |---|---|---|
//! | `getwxuserinfo` | `POST` | exchanges a code of web OAuth for the user's profile: [`UserInfoService`] |
//! | `getwxqrcode` | `POST` | creates a QR code with a scene: [`QrcodeService`] |
//! | `sendwxtemplatemsg` | `POST` | sends a template message to a follower: [`TemplateMessageService`] |
//! | `getunlimitedqrcode` | `POST` | creates a mini-program's code, as an image: [`UnlimitedQrcodeService`] |
//! | `getuserphone` | `POST` | exchanges a code of the phone-number button for the number: [`PhoneService`] |
//! | `token` | `POST` | returns an app's access token, only with [`Routes::serve_tokens`]: [`TokenRoute`] |
//! | `wxmsg` | `GET`, `POST` | receives the platform's pushes, if exactly one app receives them: [`Callback`](crate::Callback) |
//! | `wxmsg/{appid}` | `GET`, `POST` | the same, for each app that receives pushes |
//!
//! The documented mount is `/v1/service/wx`. A router that strips the prefix, such as axum's
//! `nest_service`, needs nothing else. For one that keeps it, set [`Routes::prefix`].
//!
//! # Access control
//!
//! The application chooses who may call, with [`Routes::access_keys`] or [`Routes::unprotected`].
//! Until then the JSON routes answer 401. A service of a single route has the same two methods,
//! except [`TokenRoute`], which always has keys. `wxmsg` needs no key: its pushes are signed.
//!
//! A layer that logs the headers of requests logs the keys, unless a layer outside of it marks
//! `Authorization` as sensitive, such as tower-http's `SetSensitiveRequestHeadersLayer`.
//!
//! # The envelope
//!
//! ```json
//! {"ret":{"code":0,"msg":"OK","request_id":"wxmsg_7Fq0ZkW1xB"},"body":{}}
//! ```
//!
//! Success is HTTP 200 with code 0. A failure has a matching status, one of the codes below, and a
//! message that says what to do. If the platform refused the call, it also has `errcode`, `errmsg`
//! and `rid`.
//!
//! | code | |
//! |---|---|
//! | 3584001 | any other failure |
//! | 3584002 | a parameter is wrong |
//! | 3584004 | could not get the token |
//! | 3584005 | the app is not configured, or its secret is wrong |
//! | 3584006 | could not get the user's profile |
//! | 3584007 | could not create the code |
//! | 3584008 | could not get the phone number |
//! | 3584009 | could not send the template message |
//!
//! `source` names the calling business and is required. `flow_id` is echoed. `app_id` is accepted
//! as another name of `appid`.
//!
//! # The request id
//!
//! The caller's `x-request-id` is used, or else the `RequestId` of a tower-http 0.7 layer outside, or
//! else a new id. An id that is longer than 128 bytes, or has other characters than letters, digits
//! and `._:-`, is not used. The id is in the envelope, in the answer's `x-request-id` and, as a
//! `RequestId`, in its extensions. It is on every log line of the request, in the span `wechat.route`.

mod access;
mod callbacks;
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
