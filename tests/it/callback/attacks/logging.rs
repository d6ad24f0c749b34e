//! The log of a rejected request: it has the reason and nothing that helps to forge a request.

use std::io::Write;
use std::sync::Mutex;

use tracing::Level;

use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns the log of a callback that receives `push`.
fn logged(push: &Push) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _second = crate::support::second_subscriber();
    tracing::subscriber::with_default(subscriber, || {
        let callback = callback(push.platform.mode, Arc::default());
        runtime.block_on(send(&callback, push.request()));
    });
    let bytes = log.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_log_has_the_reason_and_no_secret() {
    let good = Push::new(Mode::Secure);
    let expected = ["signature", "msg_signature"].map(|name| good.get(name).to_owned());
    type Forge = fn(&mut Push);
    let forgeries: [(&str, Forge); 5] = [
        ("signature", |push| {
            push.set("signature", "0".repeat(40));
        }),
        ("msg_signature", |push| {
            push.set("msg_signature", "0".repeat(40));
        }),
        ("undecryptable", |push| {
            push.sealed(OTHER_KEY, APPID, DOCUMENT);
        }),
        ("other_app", |push| {
            push.sealed(AES_KEY, "wx0000000000000001", DOCUMENT);
        }),
        ("malformed", |push| {
            push.document("hello");
        }),
    ];
    for (reason, forge) in forgeries {
        let mut push = Push::new(Mode::Secure);
        forge(&mut push);
        let log = logged(&push);
        assert!(log.contains(&format!("reason=\"{reason}\"")), "{log}");
        assert!(log.contains(APPID), "{log}");
        let secrets = [TOKEN, AES_KEY, "hello", NONCE];
        for secret in secrets.into_iter().chain(expected.iter().map(|it| &**it)) {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}
