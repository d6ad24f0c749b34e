//! Relations between accounts and users.

use std::collections::{BTreeMap, HashMap};

use crate::app::AppId;
use crate::sandbox::directory::PersonId;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Relations(HashMap<(AppId, PersonId), Relation>);

/// The relation between an account and a user.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Relation {
    pub(super) remark: String,
    pub(super) since: u64,
    pub(super) scene: Option<String>,
    /// Whether the user is on the account's blacklist.
    blacklisted: bool,
    /// Whether the user blocks the account's messages.
    blocks: bool,
    /// The number of subscribe messages that the user still allows, by template.
    allowed: BTreeMap<String, u32>,
}

impl Relations {
    pub(in crate::sandbox) fn of(&mut self, appid: &AppId, person: PersonId) -> &mut Relation {
        self.0.entry((appid.clone(), person)).or_default()
    }

    /// Records when and through which scene a user followed.
    pub(in crate::sandbox) fn followed(
        &mut self,
        appid: &AppId,
        person: PersonId,
        scene: Option<&str>,
        now: u64,
    ) {
        let relation = self.of(appid, person);
        relation.since = now;
        relation.scene = scene.map(str::to_owned);
    }
}

impl Relation {
    pub(in crate::sandbox) fn is_blacklisted(&self) -> bool {
        self.blacklisted
    }

    pub(in crate::sandbox) fn set_blacklisted(&mut self, blacklisted: bool) {
        self.blacklisted = blacklisted;
    }

    pub(in crate::sandbox) fn blocks(&self) -> bool {
        self.blocks
    }

    pub(in crate::sandbox) fn set_blocks(&mut self, blocks: bool) {
        self.blocks = blocks;
    }

    /// Allows one more subscribe message from a template.
    pub(in crate::sandbox) fn allow(&mut self, template_id: &str) {
        *self.allowed.entry(template_id.to_owned()).or_default() += 1;
    }

    /// Uses up a permission for a subscribe message. Returns whether there was one.
    pub(in crate::sandbox) fn use_permission(&mut self, template_id: &str) -> bool {
        let allowed = self.allowed.get_mut(template_id);
        let Some(left) = allowed.filter(|left| **left > 0 && !self.blocks) else {
            return false;
        };
        *left -= 1;
        true
    }
}
