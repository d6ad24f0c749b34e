//! Sends the reply of a message whose push is acknowledged.

use std::future::poll_fn;
use std::time::Duration;

use tower::ServiceExt;

use super::{Inbox, metrics};
use crate::callback::deadline::{LateHook, LateReply};
use crate::callback::error::Outlived;
use crate::callback::run::{Work, poll_work};
use crate::callback::{Message, Reply, ReplyKind};
use crate::error::{BoxError, Error, ErrorKind, chain};
use crate::runtime::SharedRuntime;

/// How late replies are sent, and how long a handler may run.
#[derive(Clone)]
pub(in crate::callback) struct Delivery {
    pub(in crate::callback) late: Option<LateHook>,
    pub(in crate::callback) max_life: Duration,
    pub(in crate::callback) runtime: SharedRuntime,
}

impl Delivery {
    /// Sends a reply. An error says that it may be sent later.
    pub(super) async fn send(
        &self,
        inbox: &Inbox,
        message: &Message,
        reply: Reply,
    ) -> Result<(), BoxError> {
        let appid = message.appid();
        if reply.is_empty() {
            return Ok(());
        }
        let kind = name(&reply);
        if let ReplyKind::CustomerService(_) | ReplyKind::Acknowledged { .. } = reply.kind() {
            unsent(inbox, message, "too_late");
            tracing::error!(
                %appid,
                kind,
                "lost a late reply: it can only answer its push, before the deadline"
            );
            return Ok(());
        }
        let Some(hook) = self.late.clone() else {
            unsent(inbox, message, "no_hook");
            tracing::error!(%appid, kind, "lost a late reply: no late-reply hook is set");
            return Ok(());
        };
        let late = LateReply::new(message.clone(), reply);
        let mut sent: Work<()> = Box::pin(hook.oneshot(late));
        let sent = poll_fn(|cx| poll_work(sent.as_mut(), cx));
        let sent = self.runtime.timeout(self.max_life, sent).await;
        let sent = sent.unwrap_or_else(|| Err(Outlived.into()));
        if let Err(error) = &sent
            && is_final(error)
        {
            unsent(inbox, message, "refused");
            tracing::error!(%appid, kind, error = chain(&**error), "lost a late reply");
            return Ok(());
        }
        sent
    }
}

fn unsent(inbox: &Inbox, message: &Message, reason: &'static str) {
    inbox.core().counts.unsent.add();
    metrics::unsent(message.appid(), reason);
}

/// Whether another attempt would fail, too: the reply is not one that the hook can send.
fn is_final(error: &BoxError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return error.kind() == ErrorKind::Input;
        }
        next = error.source();
    }
    false
}

/// Returns the kind of a reply, for the log.
fn name(reply: &Reply) -> &'static str {
    match reply.kind() {
        ReplyKind::None => "none",
        ReplyKind::Text(_) => "text",
        ReplyKind::Image(_) => "image",
        ReplyKind::Voice(_) => "voice",
        ReplyKind::Video(_) => "video",
        ReplyKind::Music(_) => "music",
        ReplyKind::News(_) => "news",
        ReplyKind::CustomerService(_) => "transfer_customer_service",
        ReplyKind::Acknowledged { .. } => "acknowledged",
        ReplyKind::Document(_) => "document",
    }
}
