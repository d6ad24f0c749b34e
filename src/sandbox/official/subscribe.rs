//! Subscribe messages.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::relation::Relations;
use super::template::{Keyword, Templates};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::Call;
use crate::sandbox::customer_service::Chats;
use crate::sandbox::directory::{Directory, PersonId};

/// The recipients of subscribe messages in flight, with the sending app. The platform sends a user
/// one message at a time.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct SubscribeMessages(HashSet<(AppId, PersonId)>);

impl SubscribeMessages {
    /// Registers a message in flight. Returns `false` if there already is one to the same user.
    pub(in crate::sandbox) fn begin(&mut self, to: (AppId, PersonId)) -> bool {
        self.0.insert(to)
    }

    pub(in crate::sandbox) fn end(&mut self, to: &(AppId, PersonId)) {
        self.0.remove(to);
    }

    /// `POST /cgi-bin/message/subscribe/send` and `/cgi-bin/message/subscribe/bizsend`
    pub(in crate::sandbox) fn send(
        &self,
        directory: &Directory,
        templates: &Templates,
        relations: &mut Relations,
        chats: &mut Chats,
        call: &Call<'_>,
    ) -> Answer {
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
        let person = directory.find_openid(&call.appid, &body.touser)?;
        if self.0.contains(&(call.appid.clone(), person)) {
            return Err(ErrCode::SENDING_TO_SAME_USER.into());
        }
        let template = templates.find(&call.appid, &body.template_id, true);
        let template = template.ok_or(ErrCode::INVALID_TEMPLATE_ID)?;
        template.check(&body.data)?;
        let relation = relations.of(&call.appid, person);
        // Last, so that a message refused for another reason doesn't use up a permission.
        if !relation.use_permission(&body.template_id) {
            return Err(ErrCode::MESSAGE_REFUSED.into());
        }
        chats.show(call, person);
        done()
    }
}
