//! Without the feature `inbox`, nothing is stored.

use super::Storing;
use crate::callback::deadline::layer::Config;
use crate::callback::run::Work;
use crate::callback::{Message, Reply};
use crate::error::BoxError;
use crate::runtime::SharedRuntime;

#[derive(Clone, Default)]
pub(in crate::callback::deadline) struct Spill(());

#[derive(Default)]
pub(in crate::callback::deadline) struct Spilled(());

impl Spill {
    pub(in crate::callback::deadline) fn start<H>(&self, _: &H, _: &Config) {}

    pub(in crate::callback::deadline) fn begin(
        &self,
        _: &Message,
        _: Option<&SharedRuntime>,
        work: impl FnOnce() -> Work<Reply>,
    ) -> (Work<Reply>, Spilled) {
        (work(), Spilled(()))
    }

    pub(in crate::callback::deadline) fn runs_inline(&self, _: &Message) -> bool {
        false
    }

    pub(in crate::callback::deadline) fn store(
        &self,
        _: &mut Spilled,
        _: &Message,
        _: SharedRuntime,
    ) -> Option<Storing> {
        None
    }
}

impl Spilled {
    pub(in crate::callback::deadline) fn allow_join(&self) {}

    pub(in crate::callback::deadline) fn forget(self, _: Option<&SharedRuntime>, _: bool) {}

    pub(in crate::callback::deadline) async fn renewing<T>(
        &self,
        _: &SharedRuntime,
        work: impl Future<Output = T>,
    ) -> T {
        work.await
    }

    pub(in crate::callback::deadline) async fn end(
        self,
        outcome: Result<Reply, BoxError>,
        _: &Message,
        _: &Config,
        _: &SharedRuntime,
    ) -> Option<Result<Reply, BoxError>> {
        Some(outcome)
    }
}
