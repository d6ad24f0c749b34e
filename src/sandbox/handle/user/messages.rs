//! Which messages a user accepts.

use super::User;

impl User {
    /// Allows one subscribe message from a template, as a tap in the app's page does. Each sent
    /// message uses up one permission.
    pub fn allow_message(&self, template_id: &str) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.allow(template_id);
    }

    /// Sets whether the user blocks the app's messages.
    ///
    /// If blocked, a template message is accepted but not delivered (`failed:user block`), and a
    /// subscribe message is refused with 43101.
    pub fn set_blocks_messages(&self, blocks: bool) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.set_blocks(blocks);
    }

    /// Adds the user to the account's blacklist (黑名单) or removes the user from it.
    ///
    /// Template messages to a blacklisted user are refused with 43019.
    pub fn set_blacklisted(&self, blacklisted: bool) {
        let mut state = self.sandbox().state();
        let relation = state.relations.of(self.appid(), self.person());
        relation.set_blacklisted(blacklisted);
    }
}
