//! Which messages a user takes.

use super::User;

impl User {
    /// Lets the user allow one subscribe message by a template, as by a tap in the app's page; each
    /// one that is sent uses a permission up.
    pub fn allow_message(&self, template_id: &str) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.allow(template_id);
    }

    /// Lets the user refuse the app's messages from now on, or take them again: a template message
    /// is accepted but not delivered (`failed:user block`), a subscribe message refused with 43101.
    pub fn set_blocks_messages(&self, blocks: bool) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.set_blocks(blocks);
    }

    /// Puts the user on the account's blacklist (黑名单), or takes the user off it: a template
    /// message to whoever is on it is refused with 43019.
    pub fn set_blacklisted(&self, blacklisted: bool) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.set_blacklisted(blacklisted);
    }
}
