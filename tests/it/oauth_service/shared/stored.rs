//! A store that keeps bytes, like a database.

use std::collections::HashMap;

use http::request::Parts;
use tower_wechat::StoreError;
use tower_wechat::oauth::{
    CodeClaim, CodeKey, CodeRecord, OAuthService, SignedIn, StateKey, sign_in_fn,
};
use tower_wechat::shared::Owner;

use super::super::{BASE, KEY};
use super::*;

/// Holds the owner of a claim or a record.
#[derive(Clone, Default)]
struct Database {
    values: Arc<Mutex<HashMap<CodeKey, Vec<u8>>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Database {
    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn called(&self, name: &'static str) {
        self.calls.lock().unwrap().push(name);
    }
}

fn record(value: &[u8]) -> Result<Option<CodeRecord>, StoreError> {
    match value.starts_with(b"{") {
        true => CodeRecord::from_bytes(value).map(Some),
        false => Ok(None),
    }
}

impl CodeStore for Database {
    async fn load(&self, key: &CodeKey) -> Result<Option<CodeRecord>, StoreError> {
        self.called("load");
        let values = self.values.lock().unwrap();
        values.get(key).map_or(Ok(None), |value| record(value))
    }

    async fn claim(
        &self,
        key: &CodeKey,
        owner: &Owner,
        _: Duration,
    ) -> Result<CodeClaim, StoreError> {
        self.called("claim");
        let mut values = self.values.lock().unwrap();
        let Some(value) = values.get(key) else {
            values.insert(*key, owner.to_string().into());
            return Ok(CodeClaim::Granted);
        };
        Ok(record(value)?.map_or(CodeClaim::Running, CodeClaim::Finished))
    }

    async fn finish(
        &self,
        key: &CodeKey,
        record: &CodeRecord,
        life: Duration,
    ) -> Result<(), StoreError> {
        self.called("finish");
        assert_eq!(life, Duration::from_secs(300));
        let record = record.to_bytes();
        self.values.lock().unwrap().insert(*key, record);
        Ok(())
    }

    async fn release(&self, key: &CodeKey, owner: &Owner) -> Result<(), StoreError> {
        self.called("release");
        let mut values = self.values.lock().unwrap();
        if values.get(key).map(Vec::as_slice) == Some(owner.to_string().as_bytes()) {
            values.remove(key);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_user_is_the_same_user() {
    let sandbox = Sandbox::with_clock(clock());
    let database = Database::default();
    let seen: Arc<Mutex<Vec<SignedIn>>> = Arc::default();
    let [one, two] = [(); 2].map(|()| {
        let seen = seen.clone();
        let handler = sign_in_fn(move |signed_in: SignedIn, _: Parts| {
            let response = signed_in.redirect();
            seen.lock().unwrap().push(signed_in);
            async { response }
        });
        let key = StateKey::new(KEY).unwrap();
        let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
        let service = OAuthService::new(app, BASE, key, handler).unwrap();
        service.code_store(database.clone())
    });
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    let (browser, back) = come_back(&sandbox, &login(app)).await;
    for login in [&one, &two] {
        let response = login.clone().oneshot(browser.request(&back)).await;
        assert_eq!(response.unwrap().status(), StatusCode::FOUND);
    }
    let seen = seen.lock().unwrap();
    let [ours, theirs] = &**seen else {
        panic!("{seen:?}")
    };
    let shown = |signed_in: &SignedIn| serde_json::to_value(signed_in).unwrap();
    assert_eq!(shown(ours), shown(theirs));
    assert_eq!(ours.profile(), theirs.profile());
    assert_eq!(theirs.profile().unwrap().nickname, "Hui🐠");
    let (ours, theirs) = (ours.token(), theirs.token());
    assert_eq!(ours.access_token, theirs.access_token);
    assert_eq!(ours.refresh_token, theirs.refresh_token);
    assert_eq!(ours.expires_in, theirs.expires_in);
    assert_eq!(ours.scope, theirs.scope);
    assert_eq!((sandbox.calls(TRADE), sandbox.calls(PROFILE)), (1, 1));

    // Two records: neither holds the code or the state, and neither prints a token.
    let (code, state) = back.split_once("&state=").unwrap();
    let (_, code) = code.split_once("code=").unwrap();
    let values = database.values.lock().unwrap();
    assert_eq!(values.len(), 2);
    for (key, value) in &*values {
        let stored = std::str::from_utf8(value).unwrap();
        let printed = format!("{key:?} {:?}", CodeRecord::from_bytes(value).unwrap());
        assert!(stored.contains(ours.access_token.expose()));
        for secret in [code, state] {
            assert!(!stored.contains(secret), "{stored}");
            assert!(!printed.contains(secret), "{printed}");
        }
        assert!(!printed.contains(ours.access_token.expose()), "{printed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_refusal_is_the_same_refusal() {
    let sandbox = Sandbox::with_clock(clock());
    let database = Database::default();
    let [one, two] = two(&sandbox, &database).map(|login| {
        login.rejection_page(|rejection, _| Response::new(Body::from(rejection.to_string())))
    });
    let (mut browser, back) = come_back(&sandbox, &one).await;
    sandbox.fail_next(TRADE, ErrCode::CODE_USED);
    let refusal = text(browser.get(&one, &back).await);
    assert!(
        refusal.contains("40163") && refusal.contains("rid "),
        "{refusal}"
    );
    assert_eq!(text(browser.get(&two, &back).await), refusal);
    assert_eq!(sandbox.calls(TRADE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_is_not_asked_for_what_the_instance_did_itself() {
    let sandbox = Sandbox::with_clock(clock());
    let database = Database::default();
    let [one, two] = two(&sandbox, &database);
    let (mut browser, back) = come_back(&sandbox, &one).await;
    browser.get(&one, &back).await;
    let calls = ["load", "claim", "finish", "claim", "finish"];
    assert_eq!(database.calls(), calls);
    browser.get(&one, &back).await;
    assert_eq!(database.calls(), [""; 0]);
    browser.get(&two, &back).await;
    assert_eq!(database.calls(), ["load"]);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_record_is_passed_over() {
    let bytes = br#"{"state":"0","outcome":{"user":{"token":{"access_token":"s3cr3t"}}}}"#;
    let error = CodeRecord::from_bytes(bytes).unwrap_err().to_string();
    assert!(!error.contains("s3cr3t"), "{error}");

    let sandbox = Sandbox::with_clock(clock());
    let database = Database::default();
    let [one, two] = two(&sandbox, &database);
    let (mut browser, back) = come_back(&sandbox, &one).await;
    sandbox.fail_next(TRADE, ErrCode::INVALID_CODE);
    browser.get(&one, &back).await;
    for value in database.values.lock().unwrap().values_mut() {
        *value = bytes.to_vec();
    }
    let done = browser.get(&two, &back).await;
    assert_eq!(session(&done), Some(&*user(&sandbox)));
}
