//! Keys and replies for the checks. Keys are random, so no other check has them.

use crate::app::AppId;
use crate::callback::dedup::{DedupKey, PushKey, UnsignedBody};
use crate::callback::{Article, Message, Reply};

use super::LONG;

/// Returns the id of an app that no other check uses.
pub(super) fn app() -> AppId {
    let appid = AppId::new(format!("wx{:016x}", number()));
    // Sixteen hexadecimal digits always make a valid id.
    appid.unwrap_or_else(|_| unreachable!("an app id of 18 characters is valid"))
}

/// Returns the id of a user that no other check uses.
pub(super) fn openid() -> String {
    format!("o{:027x}", number())
}

/// Returns the key of a new message of a user.
pub(super) fn message(appid: &AppId, openid: &str) -> DedupKey {
    let id = number();
    let document = format!("<xml><FromUserName>{openid}</FromUserName><MsgId>{id}</MsgId></xml>");
    let message = Message::parse(appid.clone(), document);
    // The document has no character that would have to be escaped.
    let message = message.unwrap_or_else(|_| unreachable!("a document of two ids is valid"));
    DedupKey::new(&message)
}

/// Returns a new push to an app.
pub(super) fn push_to(appid: &AppId) -> PushKey {
    PushKey::new(appid.clone(), message(appid, &openid()))
}

/// Returns a new push to a new app.
pub(super) fn push() -> PushKey {
    push_to(&app())
}

/// Returns a new push whose signature does not cover its body, and one with its signature and
/// another body.
pub(super) fn signed_push() -> [PushKey; 2] {
    let genuine = push();
    let forged = push_to(&genuine.appid);
    let (signature, body) = (rand::random(), rand::random::<u128>());
    [(genuine, body), (forged, !body)].map(|(push, body)| {
        let unsigned = UnsignedBody::new(signature, body, LONG);
        PushKey::with_unsigned(push.appid, push.dedup, unsigned)
    })
}

/// Returns replies of several kinds, with characters that a careless store changes.
pub(super) fn replies() -> [Reply; 4] {
    let article = Article::new("新闻", "https://example.com/?a=1&b=2").description("<今天>");
    [
        Reply::text("你好 👋\n\u{1}]]> & ' \" \\ {}"),
        Reply::image("media_id"),
        Reply::news([article]),
        Reply::transfer_customer_service_to("name@wxid"),
    ]
}

/// A reply of the holder, and one of somebody else.
pub(super) fn two_replies() -> [Reply; 2] {
    ["one", "two"].map(Reply::text)
}

fn number() -> u64 {
    rand::random()
}
