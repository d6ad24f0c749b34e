//! Subscribe messages.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Keyword;
use super::{Answer, Call, done};
use crate::error::ErrCode;
use crate::sandbox::User;
use crate::sandbox::state::State;

impl State {
    /// `POST /cgi-bin/message/subscribe/send` and `/cgi-bin/message/subscribe/bizsend`
    pub(super) fn send_subscribed(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            touser: String,
            #[serde(default)]
            template_id: String,
            #[serde(default)]
            data: BTreeMap<String, Keyword>,
        }

        let body: Body = call.json()?;
        let person = self.find_openid(&call.appid, &body.touser)?;
        if self.official.sending.is_to(&call.appid, person) {
            return Err(ErrCode::SENDING_TO_SAME_USER.into());
        }
        let templates = &self.official.templates;
        let template = templates.find(&call.appid, &body.template_id, true);
        let template = template.ok_or(ErrCode::INVALID_TEMPLATE_ID)?;
        template.check(&body.data)?;
        let relation = self.official.relations.of(&call.appid, person);
        let allowed = relation.allowed.get_mut(&body.template_id);
        match allowed.filter(|left| **left > 0 && !relation.blocks) {
            Some(left) => {
                *left -= 1;
                self.show(call, &body.touser);
                done()
            }
            None => Err(ErrCode::MESSAGE_REFUSED.into()),
        }
    }
}

impl State {
    /// Shows a template or subscribe message to a user, as it came.
    pub(super) fn show(&mut self, call: &Call<'_>, openid: &str) {
        if let Ok(message) = call.json()
            && let Some(chat) = self.chat(&call.appid, openid)
        {
            chat.keep(message);
        }
    }
}

impl User {
    /// Lets the user allow one subscribe message by a template, as by a tap in the app's page; each
    /// one that is sent uses a permission up.
    pub fn allow_message(&self, template_id: &str) {
        let mut state = self.sandbox().state();
        let relation = state.official.relations.of(self.appid(), self.person());
        *relation.allowed.entry(template_id.to_owned()).or_default() += 1;
    }

    /// Lets the user refuse the app's messages from now on, or take them again: a template message
    /// is accepted but not delivered (`failed:user block`), a subscribe message refused with 43101.
    pub fn set_blocks_messages(&self, blocks: bool) {
        let mut state = self.sandbox().state();
        let relation = state.official.relations.of(self.appid(), self.person());
        relation.blocks = blocks;
    }
}
