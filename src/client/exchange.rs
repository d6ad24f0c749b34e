//! Makes a typed call through the stack.

use std::sync::Arc;

use super::call::{CallContext, Judged, Outgoing};
use super::stack::Stack;
use crate::api::{self, Answer, Endpoint, Verdict};
use crate::app::AppEntry;
use crate::error::Error;
use crate::token::Tokens;

/// Makes a typed call through a stack. `tokens` may be `None` for a call without an access token.
pub(crate) async fn exchange<E: Endpoint>(
    stack: &Stack,
    tokens: Option<&Tokens>,
    entry: &Arc<AppEntry>,
    call: &E,
) -> Result<E::Response, Error> {
    let exchange = async {
        let outgoing = Outgoing {
            encoded: api::encode(call)?,
            context: CallContext::new(entry, call),
        };
        let Judged { response, verdict } = stack.send(tokens, &outgoing).await?;
        // The transport has already looked for an errcode: an accepted body is not searched again.
        let answer = match verdict {
            Verdict::Accepted => E::Response::decode_accepted(response.body())?,
            Verdict::Refused(_) | Verdict::Open => E::Response::decode(response.body())?,
        };
        E::check_answer(&answer, &entry.appid).map(|()| answer)
    };
    exchange.await.map_err(|error| error.at(E::PATH))
}
