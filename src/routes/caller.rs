//! The fields that every documented route accepts.

use super::failure::{Failure, RetCode};
use crate::app::AppId;
use crate::client::{App, Wechat};
use crate::secret::Secret;

/// The longest `source` or `flow_id`, in characters.
const TEXT_MAX: usize = 128;

/// The calling business, and the app of the call.
pub(super) struct Caller {
    pub(super) source: String,
    pub(super) appid: String,
    pub(super) flow_id: Option<String>,
}

impl Caller {
    /// Checks the fields of a request.
    pub(super) fn check(
        source: Option<String>,
        appid: Option<String>,
        flow_id: Option<String>,
    ) -> Result<Self, Failure> {
        let span = tracing::Span::current();
        let source = required("source", source)?;
        bounded("source", &source)?;
        span.record("source", &*source);
        if let Some(flow_id) = &flow_id {
            bounded("flow_id", flow_id)?;
        }
        let appid = required("appid", appid)?;
        // A longer one is not an appid, and should not fill the log.
        if appid.len() <= AppId::MAX_LEN {
            span.record("appid", &*appid);
        }
        Ok(Self {
            source,
            appid,
            flow_id,
        })
    }

    /// Returns the app of the call.
    pub(super) fn app(&self, wechat: &Wechat) -> Result<App, Failure> {
        let app = wechat.app(&self.appid);
        app.map_err(|error| Failure::from_error(error, RetCode::APP))
    }
}

/// Returns a field that must be present and not empty.
pub(super) fn required(field: &str, value: Option<String>) -> Result<String, Failure> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::parameter(format!("{field} is required: send a non-empty string")))
}

/// Returns a required secret as a string, as the calls take it.
pub(super) fn required_secret(field: &str, value: Option<Secret>) -> Result<String, Failure> {
    required(field, value.map(|secret| secret.expose().to_owned()))
}

fn bounded(field: &str, value: &str) -> Result<(), Failure> {
    match value.chars().count() {
        len if len > TEXT_MAX => Err(Failure::parameter(format!(
            "{field} must be at most {TEXT_MAX} characters (it has {len})"
        ))),
        _ => Ok(()),
    }
}
