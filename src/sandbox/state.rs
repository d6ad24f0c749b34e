//! The state of the platform.

use super::customer_service::Chats;
use super::directory::Directory;
use super::fault::Faults;
use super::issued::Issued;
use super::media::Media;
use super::miniprogram::{LimitedCodes, Links, Pages, Phones, Sessions};
use super::oauth::Grants;
use super::official::{
    Industries, Menus, QrCodes, Quotas, RefusedCalls, Relations, ShortKeys, SubscribeMessages,
    Templates,
};
use super::push::Pending;
use super::ticket::Tickets;
use super::token::AppTokens;
use crate::callback::Mode;

/// The state of all areas.
///
/// Areas don't import this type: the call table passes each handler the parts that it needs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) directory: Directory,
    pub(super) issued: Issued,
    pub(super) faults: Faults,

    pub(super) tokens: AppTokens,
    pub(super) tickets: Tickets,
    pub(super) grants: Grants,
    pub(super) chats: Chats,
    pub(super) media: Media,
    pub(super) pending: Pending,

    pub(super) sessions: Sessions,
    pub(super) phones: Phones,
    pub(super) pages: Pages,
    pub(super) limited_codes: LimitedCodes,
    pub(super) links: Links,

    pub(super) codes: QrCodes,
    pub(super) short_keys: ShortKeys,
    pub(super) templates: Templates,
    pub(super) industries: Industries,
    pub(super) subscribe_messages: SubscribeMessages,
    pub(super) relations: Relations,
    pub(super) menus: Menus,
    pub(super) quotas: Quotas,
    pub(super) refused: RefusedCalls,
}

impl State {
    pub(super) fn new(appid: &'static str, mode: Mode) -> Self {
        Self {
            directory: Directory::new(appid, mode),
            issued: Issued::default(),
            faults: Faults::default(),
            tokens: AppTokens::default(),
            tickets: Tickets::default(),
            grants: Grants::default(),
            chats: Chats::default(),
            media: Media::default(),
            pending: Pending::default(),
            sessions: Sessions::default(),
            phones: Phones::default(),
            pages: Pages::default(),
            limited_codes: LimitedCodes::default(),
            links: Links::default(),
            codes: QrCodes::default(),
            short_keys: ShortKeys::default(),
            templates: Templates::default(),
            industries: Industries::default(),
            subscribe_messages: SubscribeMessages::default(),
            relations: Relations::default(),
            menus: Menus::default(),
            quotas: Quotas::default(),
            refused: RefusedCalls::default(),
        }
    }
}
