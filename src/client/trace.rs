//! The span of a call: its endpoint, its app and its result. It never contains the URI, which holds
//! the credential, or a body.

use tracing::{Span, field};

use super::call::{CallContext, Judged};
use crate::api::Verdict;
use crate::error::{ErrCode, Error, ErrorClass, chain};

/// Creates the span `wechat.call`, at level DEBUG, with the fields `endpoint`, `appid` and
/// `errcode`.
pub(super) fn span(call: &CallContext) -> Span {
    tracing::debug_span!(
        "wechat.call",
        endpoint = call.endpoint(),
        appid = %call.appid(),
        errcode = field::Empty,
    )
}

/// Logs a failure, at level WARN if an operator may have to act on it. The event repeats the app's
/// id, because a span at level DEBUG is usually filtered out.
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
        // Caused by a user or by the caller's input: nothing for the operator to act on.
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
