//! The rules of a [`TokenStore`].

use super::broken::{Broken, rule};
use super::samples::app;
use super::{LONG, SHORT, after};
use crate::secret::Secret;
use crate::store::Owner;
use crate::token::{Fence, Issued, Lease, TokenKey, TokenKind, TokenStore};

/// Checks what every store must do: load, save, evict, and count forced refreshes.
///
/// # Errors
/// The first broken rule.
pub async fn token_store(store: &impl TokenStore) -> Result<(), Broken> {
    let key = fresh_key();
    let other_kind = TokenKey::new(key.appid.clone(), TokenKind::JsapiTicket);
    let other_app = fresh_key();
    let [one, two] = ["token-one", "token-two"].map(|text| Issued::new(text, LONG));
    let is = |wanted: &Issued| {
        let wanted = wanted.clone();
        move |found: &Option<Issued>| {
            let left = |found: &Issued| {
                found.expires_in <= wanted.expires_in
                    && found.expires_in + SHORT > wanted.expires_in
            };
            let is = |found: &Issued| found.secret == wanted.secret && left(found);
            found.as_ref().is_some_and(is)
        }
    };

    rule(
        "an empty store has no token",
        store.load(&key).await,
        Option::is_none,
    )?;
    rule("a token can be saved", store.save(&key, &one).await, |()| {
        true
    })?;
    let saved = "a saved token is loaded, with its remaining life";
    rule(saved, store.load(&key).await, is(&one))?;
    for other in [&other_kind, &other_app] {
        let apart = "apps and kinds of token are independent";
        rule(apart, store.load(other).await, Option::is_none)?;
    }
    rule(
        "a token can be replaced",
        store.save(&key, &two).await,
        |()| true,
    )?;
    rule(
        "a saved token replaces the one before",
        store.load(&key).await,
        is(&two),
    )?;

    let spared = "evicting another token removes nothing";
    rule(spared, store.evict(&key, &one.secret).await, |()| true)?;
    rule(spared, store.load(&key).await, is(&two))?;
    let evicted = "an evicted token is removed";
    rule(evicted, store.evict(&key, &two.secret).await, |()| true)?;
    rule(evicted, store.load(&key).await, Option::is_none)?;

    let expiring = Issued::new("token-three", SHORT);
    let expires = "a token expires by itself";
    rule(expires, store.save(&key, &expiring).await, |()| true)?;
    after(SHORT).await;
    rule(expires, store.load(&key).await, Option::is_none)?;

    let first = "a forced refresh is granted when none was for 30 seconds";
    rule(first, store.take_forced_refresh(&key).await, |granted| {
        *granted
    })?;
    let second = "a forced refresh is refused less than 30 seconds after the one before";
    rule(second, store.take_forced_refresh(&key).await, |granted| {
        !granted
    })?;
    rule(
        first,
        store.take_forced_refresh(&other_app).await,
        |granted| *granted,
    )?;
    Ok(())
}

/// Checks a store that grants leases: one holder at a time, and no write of an earlier holder or of a
/// rejected token.
///
/// # Errors
/// The first broken rule.
pub async fn token_leases(store: &impl TokenStore) -> Result<(), Broken> {
    let key = fresh_key();
    let (one, two) = (Owner::new(), Owner::new());
    let granted = |lease: &Lease| matches!(lease, Lease::Granted(_));
    let held = |lease: &Lease| *lease == Lease::Held;
    let fence = |lease: Lease| match lease {
        Lease::Granted(fence) => fence,
        Lease::Held => Fence::default(),
    };

    let free = "a free lease is granted";
    let first = fence(rule(free, store.lease(&key, &one, LONG).await, granted)?);
    let exclusive = "a lease is held by one owner";
    rule(exclusive, store.lease(&key, &two, LONG).await, held)?;
    rule(
        exclusive,
        store.renew_lease(&key, &two, LONG).await,
        |renewed| !renewed,
    )?;
    let others = "an owner releases nothing of another";
    rule(others, store.release_lease(&key, &two).await, |()| true)?;
    rule(others, store.lease(&key, &two, LONG).await, held)?;
    rule(
        "apps have leases of their own",
        store.lease(&fresh_key(), &two, LONG).await,
        granted,
    )?;
    let own = "the holder is granted its lease again, with a later fence";
    let second = rule(own, store.lease(&key, &one, LONG).await, |lease| {
        granted(lease) && fence(*lease) > first
    })?;
    let second = fence(second);

    let expires = "a lease ends by itself";
    rule(
        expires,
        store.renew_lease(&key, &one, SHORT).await,
        |renewed| *renewed,
    )?;
    after(SHORT).await;
    rule(
        expires,
        store.renew_lease(&key, &one, LONG).await,
        |renewed| !renewed,
    )?;
    let third = rule(expires, store.lease(&key, &two, LONG).await, |lease| {
        granted(lease) && fence(*lease) > second
    })?;
    let third = fence(third);

    let token = |text: &str| Issued::new(text, LONG);
    let late = "an earlier holder stores nothing once a later lease is granted";
    rule(
        late,
        store.save_fenced(&key, &token("late"), second).await,
        |saved| !saved,
    )?;
    rule(late, store.load(&key).await, Option::is_none)?;
    let current = "the holder stores its token";
    rule(
        current,
        store.save_fenced(&key, &token("current"), third).await,
        |saved| *saved,
    )?;
    let is_current = |found: &Option<Issued>| {
        let is_current = |found: &Issued| found.secret.expose() == "current";
        found.as_ref().is_some_and(is_current)
    };
    rule(
        late,
        store.save_fenced(&key, &token("late"), first).await,
        |saved| !saved,
    )?;
    rule(late, store.load(&key).await, is_current)?;

    let rejected = "a rejected token is not stored again";
    rule(
        rejected,
        store.evict(&key, &Secret::new("current")).await,
        |()| true,
    )?;
    rule(
        rejected,
        store.save_fenced(&key, &token("current"), third).await,
        |saved| !saved,
    )?;
    rule(rejected, store.load(&key).await, Option::is_none)?;
    rule(
        current,
        store.save_fenced(&key, &token("next"), third).await,
        |saved| *saved,
    )?;

    let released = "a released lease is free";
    rule(released, store.release_lease(&key, &two).await, |()| true)?;
    rule(released, store.lease(&key, &one, LONG).await, granted)?;
    rule(
        "a fetch is within the budget",
        store.take_fetch(&key).await,
        |taken| *taken,
    )?;
    Ok(())
}

fn fresh_key() -> TokenKey {
    TokenKey::new(app(), TokenKind::AccessToken)
}
