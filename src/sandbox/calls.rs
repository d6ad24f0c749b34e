//! The table of supported calls.

use super::account_type::AccountType::{
    MiniProgram, ServiceAccount, SubscriptionAccount, UnverifiedSubscriptionAccount,
};
use super::answer::Answer;
use super::call::Call;
use super::miniprogram::{code, short_link};
use super::network;
use super::official::followers;
use super::official::network::check_callback;
use super::row::Method::{Any, Get, GetOnly, Post};
use super::row::Serve::{Page, Secret, Token, TokenAfterBody, TokenForCode, UserToken};
use super::row::{Accounts, Row, call, counted, others, remembered};
use super::state::State;

const EVERY: Accounts = &[
    ServiceAccount,
    SubscriptionAccount,
    UnverifiedSubscriptionAccount,
    MiniProgram,
];
const VERIFIED: Accounts = &[ServiceAccount, SubscriptionAccount, MiniProgram];
const OFFICIAL: Accounts = &[ServiceAccount, SubscriptionAccount];
const SERVICE: Accounts = &[ServiceAccount];
const MINI: Accounts = &[MiniProgram];

/// Maps each path to its handler.
///
/// The columns are the method, the path, the account types that may make the call, and the required
/// credential with the handler. The first matching row wins, so a prefix row ([`others`]) must
/// follow the exact rows it covers.
#[rustfmt::skip]
static CALLS: &[Row] = &[
    call(Get, "/cgi-bin/token", EVERY, Secret(|state, call| state.tokens.grant_classic(&state.directory, &mut state.issued, call))),
    call(Post, "/cgi-bin/stable_token", EVERY, Secret(|state, call| state.tokens.grant_stable(&state.directory, &mut state.issued, call))),
    call(Get, "/cgi-bin/ticket/getticket", EVERY, Token(|state, call| state.tickets.get(&mut state.issued, call))),
    call(Get, "/cgi-bin/getcallbackip", EVERY, Token(|_, _| network::addresses())),
    call(Get, "/cgi-bin/get_api_domain_ip", EVERY, Token(|_, _| network::addresses())),

    call(Any, "/connect/oauth2/authorize", EVERY, Page(|state, call| state.grants.authorize(&state.directory, &mut state.issued, call))),
    call(Get, "/sns/oauth2/access_token", EVERY, Secret(|state, call| state.grants.trade_code(&mut state.directory, &mut state.issued, call))),
    call(Get, "/sns/oauth2/refresh_token", EVERY, UserToken(|state, call| state.grants.refresh_token(&mut state.directory, &mut state.issued, call))),
    call(Get, "/sns/userinfo", EVERY, UserToken(|state, call| state.grants.user_info(&mut state.directory, call))),
    call(Get, "/sns/auth", EVERY, UserToken(|state, call| state.grants.check_user_token(&mut state.directory, call))),

    call(Post, "/cgi-bin/message/custom/send", VERIFIED, Token(|state, call| state.chats.send(&state.directory, &state.media, call))),
    call(Post, "/cgi-bin/message/custom/typing", VERIFIED, Token(|state, call| state.chats.show_typing(&state.directory, call))),
    others("/cgi-bin/message/custom/", VERIFIED),

    call(Get, "/sns/jscode2session", EVERY, Secret(|state, call| state.sessions.sign_in(&mut state.directory, &mut state.issued, call))),
    call(Get, "/wxa/checksession", MINI, Token(|state, call| state.sessions.check(call))),
    call(Get, "/wxa/resetusersessionkey", MINI, Token(|state, call| state.sessions.reset(&mut state.issued, call))),
    call(Post, "/wxa/business/getuserphonenumber", MINI, Token(|state, call| state.phones.number(&mut state.directory, call))),
    call(Post, "/wxa/getwxacodeunlimit", MINI, TokenForCode(|state, call| code::unlimited(&state.pages, call))),
    call(Post, "/wxa/getwxacode", MINI, TokenForCode(|state, call| state.limited_codes.make(1024, call))),
    call(Post, "/cgi-bin/wxaapp/createwxaqrcode", MINI, TokenForCode(|state, call| state.limited_codes.make(128, call))),
    call(Post, "/wxa/generatescheme", MINI, Token(|state, call| state.links.scheme(&state.pages, call))),
    call(Post, "/wxa/generate_urllink", MINI, Token(|state, call| state.links.url_link(&state.pages, call))),
    call(Post, "/wxa/genwxashortlink", MINI, Token(|state, call| short_link::make(&state.pages, call))),
    call(Post, "/wxa/queryscheme", MINI, TokenAfterBody(|state, call| state.links.query_scheme(&state.tokens, call))),
    call(Post, "/wxa/query_urllink", MINI, TokenAfterBody(|state, call| state.links.query_url_link(&state.tokens, call))),
    others("/wxa/", MINI),
    others("/cgi-bin/wxaapp/", MINI),

    counted(Post, "/cgi-bin/qrcode/create", SERVICE, Token(|state, call| state.codes.create(call))),
    call(GetOnly, "/cgi-bin/showqrcode", EVERY, Page(|state, call| state.codes.show(call))),
    others("/cgi-bin/qrcode/", SERVICE),

    counted(Post, "/cgi-bin/message/template/send", SERVICE, Token(send_template)),
    others("/cgi-bin/message/template/", SERVICE),
    counted(Post, "/cgi-bin/template/api_add_template", SERVICE, Token(|state, call| state.templates.add_from_library(call))),
    counted(Post, "/cgi-bin/template/del_private_template", SERVICE, Token(|state, call| state.templates.delete(call))),
    counted(Get, "/cgi-bin/template/get_all_private_template", SERVICE, Token(|state, call| state.templates.list(call))),
    counted(Post, "/cgi-bin/template/api_set_industry", SERVICE, Token(|state, call| state.industries.set(call))),
    counted(Get, "/cgi-bin/template/get_industry", SERVICE, Token(|state, call| state.industries.get(call))),
    others("/cgi-bin/template/", SERVICE),

    counted(Post, "/cgi-bin/message/subscribe/bizsend", OFFICIAL, Token(send_subscribe)),
    others("/cgi-bin/message/subscribe/bizsend", OFFICIAL),
    counted(Post, "/cgi-bin/message/subscribe/send", MINI, Token(send_subscribe)),
    others("/cgi-bin/message/subscribe/send", MINI),

    counted(Post, "/cgi-bin/shorten/gen", OFFICIAL, Token(|state, call| state.short_keys.shorten(call))),
    counted(Post, "/cgi-bin/shorten/fetch", OFFICIAL, Token(|state, call| state.short_keys.fetch(call))),
    others("/cgi-bin/shorten/", OFFICIAL),
    counted(Get, "/cgi-bin/user/info", OFFICIAL, Token(|state, call| state.relations.user_info(&state.directory, call))),
    counted(Post, "/cgi-bin/user/info/batchget", OFFICIAL, Token(|state, call| state.relations.user_infos(&state.directory, call))),
    counted(Get, "/cgi-bin/user/get", OFFICIAL, Token(|state, call| followers::list(&mut state.directory, call))),
    counted(Post, "/cgi-bin/user/info/updateremark", OFFICIAL, Token(|state, call| state.relations.update_remark(&state.directory, call))),
    others("/cgi-bin/user/", OFFICIAL),
    counted(Post, "/cgi-bin/menu/create", OFFICIAL, Token(|state, call| state.menus.create(call))),
    counted(Get, "/cgi-bin/menu/get", OFFICIAL, Token(|state, call| state.menus.get(call))),
    counted(Get, "/cgi-bin/menu/delete", OFFICIAL, Token(|state, call| state.menus.delete(call))),
    others("/cgi-bin/menu/", OFFICIAL),

    counted(Post, "/cgi-bin/openapi/quota/get", EVERY, Token(|state, call| state.quotas.get(call))),
    counted(Post, "/cgi-bin/openapi/rid/get", EVERY, Token(|state, call| state.refused.get(call))),
    counted(Post, "/cgi-bin/clear_quota", EVERY, Token(|state, call| state.quotas.clear_own(call))),
    remembered(Any, "/cgi-bin/clear_quota/v2", EVERY, Secret(|state, call| state.quotas.clear_by_secret(&state.directory, call))),
    counted(Post, "/cgi-bin/callback/check", EVERY, Token(|state, call| check_callback(&state.directory, call))),
];

/// Returns the first row that matches `path`.
pub(super) fn find(path: &str) -> Option<&'static Row> {
    CALLS.iter().find(|row| row.is_of(path))
}

fn send_template(state: &mut State, call: &Call<'_>) -> Answer {
    let State {
        templates,
        directory,
        relations,
        chats,
        pending,
        ..
    } = state;
    templates.send(directory, relations, chats, pending, call)
}

fn send_subscribe(state: &mut State, call: &Call<'_>) -> Answer {
    let State {
        subscribe_messages,
        directory,
        templates,
        relations,
        chats,
        ..
    } = state;
    subscribe_messages.send(directory, templates, relations, chats, call)
}
