//! Messages of users.

use tower_wechat::{AppId, Message};

use super::{APPID, NOW};

/// Returns a document of the first user.
pub fn document(fields: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{NOW}</CreateTime>{fields}</xml>"
    )
}

pub fn message_of(appid: &str, document: String) -> Message {
    Message::parse(AppId::new(appid).unwrap(), document).unwrap()
}

/// Returns the text message with this id.
pub fn text(id: usize) -> Message {
    message_of(APPID, document(&text_fields(id)))
}

pub fn text_fields(id: usize) -> String {
    format!("<MsgType>text</MsgType><Content>hi</Content><MsgId>{id}</MsgId>")
}

/// Returns the document of a text message with this `CreateTime` and `MsgId`.
pub fn text_document(created: u64, id: u64) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
         <CreateTime>{created}</CreateTime><MsgType>text</MsgType><Content>hi</Content>\
         <MsgId>{id}</MsgId></xml>"
    )
}
