//! A cached token, with a store and without one.

use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{AppConfig, Wechat};

use super::row;
use super::server::{Server, free_port};
use crate::fixture::APPID;
use crate::fixture::platform::transport;
use crate::fixture::tasks::{read, read_tokens, two_threads};
use crate::interleave::{Member, interleave, longer};

pub(crate) fn run(server: &Server) {
    let runtime = two_threads();
    let tokens_of = |store: Option<RedisStore>| {
        let app = AppConfig::new(APPID, "0123456789abcdef0123456789abcdef");
        let builder = Wechat::builder().transport(transport()).app(app);
        let builder = match store {
            Some(store) => builder.shared(store),
            None => builder,
        };
        let tokens = builder.build().unwrap().tokens();
        runtime.block_on(tokens.get(APPID)).unwrap();
        tokens
    };
    let nobody = RedisStore::new(&format!("redis://127.0.0.1:{}", free_port())).unwrap();
    let all = [None, Some(server.store()), Some(nobody)].map(tokens_of);
    let rounds = interleave(all.each_ref().map(|tokens| {
        let member: Member<'_> = Box::new(|times| read(&runtime, 1, times, tokens, read_tokens));
        longer(member)
    }));
    let ns = |member: usize| format!("{:.0} ns", rounds.of(|ns| ns[member]).median);
    for (name, member) in [
        ("`Tokens::get`, hit, with Redis", 1),
        ("the same, Redis gone", 2),
    ] {
        row(
            (name, &ns(member)),
            ("without a store", &ns(0)),
            rounds.of(|ns| ns[member] / ns[0]),
        );
    }
}
