//! One span a call: the endpoint and the app, and how it ended. Never the address, which holds the
//! credential, and never a body.

use tracing::{Span, field};

use super::call::{CallContext, Judged};
use crate::api::Verdict;
use crate::error::{ErrCode, Error, ErrorClass, chain};

/// The span `wechat.call`, at level DEBUG, with the fields `endpoint`, `appid` and `errcode`.
pub(super) fn span(call: &CallContext) -> Span {
    tracing::debug_span!(
        "wechat.call",
        endpoint = call.endpoint(),
        appid = %call.appid(),
        errcode = field::Empty,
    )
}

/// Logs a failure: at level WARN if somebody must act on it. The event names the app too, since
/// operators do not see spans of level DEBUG.
pub(super) fn log(call: &CallContext, result: &Result<Judged, Error>) {
    match result {
        Ok(answer) => {
            if let Verdict::Refused(code) = answer.verdict {
                refused(code, call);
            }
        }
        Err(error) => {
            let appid = call.appid().as_str();
            tracing::warn!(appid, error = chain(error), "the call failed");
        }
    }
}

fn refused(code: ErrCode, call: &CallContext) {
    let (endpoint, appid) = (call.endpoint(), call.appid().as_str());
    Span::current().record("errcode", code.get());
    match code.class_at(endpoint) {
        ErrorClass::User | ErrorClass::Input => {
            tracing::debug!(
                appid,
                errcode = code.get(),
                endpoint,
                "the platform refused the call"
            );
        }
        _ => tracing::warn!(
            appid,
            errcode = code.get(),
            endpoint,
            "the platform refused the call"
        ),
    }
}
