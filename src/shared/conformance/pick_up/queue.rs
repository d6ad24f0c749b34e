//! The queue of one user.

use std::time::Duration;

use crate::app::AppId;
use crate::callback::Reply;
use crate::callback::deadline::pick_up::{PickUpStore, Taken};
use crate::callback::dedup::DedupKey;
use crate::shared::conformance::samples::{app, message, openid};
use crate::store::StoreError;

/// The parts of a user that no other check uses. Each part is a text of one letter.
pub(super) struct Queue<'a, S> {
    pub(super) store: &'a S,
    pub(super) appid: AppId,
    pub(super) openid: String,
}

impl<S> Clone for Queue<'_, S> {
    fn clone(&self) -> Self {
        Self {
            store: self.store,
            appid: self.appid.clone(),
            openid: self.openid.clone(),
        }
    }
}

impl<'a, S: PickUpStore> Queue<'a, S> {
    pub(super) fn new(store: &'a S) -> Self {
        Self {
            store,
            appid: app(),
            openid: openid(),
        }
    }

    /// Returns a new message of the user.
    pub(super) fn message(&self) -> DedupKey {
        message(&self.appid, &self.openid)
    }

    pub(super) async fn put(
        &self,
        texts: &str,
        max: usize,
        age: Duration,
    ) -> Result<usize, StoreError> {
        let parts = texts.chars().map(Reply::text).collect();
        self.put_all(parts, max, age).await
    }

    pub(super) async fn put_all(
        &self,
        parts: Vec<Reply>,
        max: usize,
        age: Duration,
    ) -> Result<usize, StoreError> {
        let Self {
            store,
            appid,
            openid,
        } = self;
        store.put(appid, openid, parts, max, age).await
    }

    pub(super) async fn take(&self, message: &DedupKey) -> Result<Option<Taken>, StoreError> {
        self.store.take(&self.appid, &self.openid, message).await
    }

    pub(super) async fn give_back(&self, message: &DedupKey) -> Result<(), StoreError> {
        self.store
            .give_back(&self.appid, &self.openid, message)
            .await
    }
}

pub(super) fn part(text: char, left: usize) -> impl Fn(&Option<Taken>) -> bool {
    let wanted = Some(Taken::new(Reply::text(text), left));
    move |taken| *taken == wanted
}

pub(super) fn reply(text: char) -> impl Fn(&Option<Taken>) -> bool {
    let wanted = Reply::text(text);
    move |taken| taken.as_ref().is_some_and(|taken| taken.reply == wanted)
}
