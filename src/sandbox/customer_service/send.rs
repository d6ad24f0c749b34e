//! `POST /cgi-bin/message/custom/send` and `typing`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::chat::Chats;
use super::content;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;
use crate::sandbox::directory::Directory;
use crate::sandbox::media::Media;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    msgtype: String,
    #[serde(flatten)]
    content: Map<String, Value>,
}

#[derive(Deserialize)]
struct Typing {
    #[serde(default)]
    touser: String,
    #[serde(default)]
    command: String,
}

impl Chats {
    /// `POST /cgi-bin/message/custom/send`
    pub(in crate::sandbox) fn send(
        &mut self,
        directory: &Directory,
        media: &Media,
        call: &Call<'_>,
    ) -> Answer {
        let message: Value = call.json_or_malformed()?;
        let body = Body::deserialize(&message).map_err(|_| ErrCode::MALFORMED_BODY)?;
        let content = body.content.get(&body.msgtype);
        let has_media = |media_id: &str| media.has(&call.appid, media_id, call.now);
        content::check(&body.msgtype, content, has_media)?;
        let account_type = directory.account_type(call.appid.as_str());
        if account_type.is_some_and(|account_type| !account_type.sends(&body.msgtype)) {
            return Err(ErrCode::INVALID_MESSAGE_TYPE.into());
        }
        let person = directory.find_openid(&call.appid, &body.touser)?;
        self.of(&call.appid, person).receive(message, call.now)?;
        done()
    }

    /// `POST /cgi-bin/message/custom/typing`
    pub(in crate::sandbox) fn show_typing(
        &mut self,
        directory: &Directory,
        call: &Call<'_>,
    ) -> Answer {
        let body: Typing = call.json_or_malformed()?;
        let person = directory.find_openid(&call.appid, &body.touser)?;
        let chat = self.of(&call.appid, person);
        match body.command.as_str() {
            "Typing" => chat.show_typing(call.now)?,
            "CancelTyping" => chat.stop_typing(),
            _ => return Err(ErrCode::INVALID_TYPING_COMMAND.into()),
        }
        done()
    }
}
