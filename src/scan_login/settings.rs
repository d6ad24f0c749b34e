//! The settings of [`ScanLogin`](super::ScanLogin).

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::clients::{Client, Clients};
use super::erased::SharedStore;
use super::waits::Waits;
use crate::browser::Cookie;
use crate::callback::Reply;
use crate::runtime::SharedRuntime;

type ClientKey = Arc<dyn Fn(&Parts) -> Option<Client> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) prefix: String,
    pub(super) life: Duration,
    pub(super) patience: Duration,
    pub(super) cookie: Cookie,
    pub(super) signed_in: Reply,
    pub(super) too_late: Reply,
    pub(super) store: SharedStore,
    pub(super) clients: Arc<Clients>,
    pub(super) client_key: Option<ClientKey>,
    pub(super) per_client: usize,
    pub(super) waits: Arc<Waits>,
    pub(super) runtime: SharedRuntime,
}
