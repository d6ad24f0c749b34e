//! Fetches tickets with the app's access token.

use std::time::Duration;

use super::{Issued, TokenKey, TokenKind, Tokens};
use crate::api::Endpoint;
use crate::api::ticket::GetTicket;
use crate::app::Apps;
use crate::client::{Stack, exchange};
use crate::error::Error;

/// Fetches tickets from the platform. Each fetch is passed the [`Tokens`]: storing them here would
/// create a reference cycle, because they own this source.
#[derive(Clone)]
pub(crate) struct TicketSource {
    stack: Stack,
    apps: Apps,
}

impl TicketSource {
    pub(crate) fn new(stack: Stack, apps: Apps) -> Self {
        Self { stack, apps }
    }

    pub(super) async fn fetch(&self, tokens: Tokens, key: &TokenKey) -> Result<Issued, Error> {
        let entry = &self.apps.get(key.appid.as_str())?;
        let call = match key.kind {
            TokenKind::WxCardTicket => GetTicket::wx_card(),
            _ => GetTicket::jsapi(),
        };
        let ticket = exchange(&self.stack, Some(&tokens), entry, &call).await?;
        let issued = Issued::new(ticket.ticket, Duration::from_secs(ticket.expires_in));
        issued.check().map_err(|error| error.at(GetTicket::PATH))
    }
}
