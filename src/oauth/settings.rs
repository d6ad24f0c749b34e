//! The settings of an `OAuthService`.

use std::sync::Arc;
use std::time::Duration;

use http::Response;

use super::codes::{CodeCache, RESULTS_MAX, SharedStore, Wanted};
use super::origin::{Origin, encoded, is_path};
use super::rejection::Rejection;
use super::state::StateKey;
use crate::api::oauth::{Lang, Scope};
use crate::body::Body;
use crate::browser::Cookie;
use crate::client::App;
use crate::error::Error;

/// The default destination after a sign-in.
pub(super) const HOME: &str = "/";

const STATE_LIFE: Duration = Duration::from_secs(600);
const RESULT_LIFE: Duration = Duration::from_secs(300);

type Page = Arc<dyn Fn(&Rejection, &str) -> Response<Body> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) app: App,
    /// The address of the service as browsers see it, without a trailing slash.
    pub(super) base: String,
    /// The path part of the base.
    pub(super) path: String,
    pub(super) key: StateKey,
    pub(super) cookie: Cookie,
    pub(super) state_life: Duration,
    pub(super) result_life: Duration,
    pub(super) results_max: u64,
    pub(super) wanted: Wanted,
    pub(super) allowed: Vec<Origin>,
    pub(super) relay: Option<String>,
    pub(super) page: Option<Page>,
    pub(super) store: Option<SharedStore>,
    pub(super) codes: CodeCache,
}

impl Settings {
    pub(super) fn new(app: App, base: &str, key: StateKey) -> Result<Self, Error> {
        let base = base.trim_end_matches('/');
        let (origin, path) = address("base", base)?;
        let wanted = Wanted {
            scope: Scope::default(),
            lang: Lang::default(),
            snapshot: true,
        };
        Ok(Self {
            base: base.to_owned(),
            path: path.to_owned(),
            key,
            cookie: Cookie::new("wechat-oauth", origin.is_https()),
            state_life: STATE_LIFE,
            result_life: RESULT_LIFE,
            results_max: RESULTS_MAX,
            wanted,
            allowed: Vec::new(),
            relay: None,
            page: None,
            codes: CodeCache::new(
                app.clone(),
                wanted,
                RESULT_LIFE,
                RESULTS_MAX,
                app.wechat().shared_state().codes.clone(),
            ),
            store: app.wechat().shared_state().codes.clone(),
            app,
        })
    }

    /// Replaces the cached results after a change of settings: a service with other settings might
    /// not have accepted them.
    pub(super) fn renew_memo(&mut self) {
        self.codes = CodeCache::new(
            self.app.clone(),
            self.wanted,
            self.result_life,
            self.results_max,
            self.store.clone(),
        );
    }

    /// Returns the destination after a sign-in, or `None` if it is not allowed. Defaults to
    /// [`HOME`].
    ///
    /// Characters that a URL requires escaped are escaped. The same site may be given with or
    /// without its origin.
    pub(super) fn return_to(&self, asked: Option<&str>) -> Option<String> {
        let asked = encoded(asked.filter(|asked| !asked.is_empty()).unwrap_or(HOME));
        if is_path(&asked) {
            return Some(asked);
        }
        let (origin, rest) = Origin::split(&asked)?;
        if self.allowed.contains(&origin) {
            return Some(asked);
        }
        let is_here = Origin::split(&self.base).is_some_and(|(here, _)| here == origin);
        let path = match rest.starts_with('/') {
            true => rest.to_owned(),
            false => format!("{HOME}{rest}"),
        };
        Some(path).filter(|path| is_here && is_path(path))
    }
}

/// Checks a configured address: a site and a path, without a query.
pub(super) fn address<'a>(
    field: &'static str,
    address: &'a str,
) -> Result<(Origin, &'a str), Error> {
    Origin::split(address)
        .filter(|(_, path)| path.is_empty() || (is_path(path) && !path.contains(['?', '#'])))
        .ok_or_else(|| {
            Error::input(
                field,
                "must be an address such as https://shop.example/login, without a query",
            )
        })
}
