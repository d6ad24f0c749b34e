//! The calls of official accounts, against the sandbox and on the wire.

mod menu;
mod qrcode;
mod quota;
mod subscribe_message;
mod template;
mod user;

pub use self::qrcode::scan_image;

use serde_json::Value;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, Error, ErrorKind, Wechat};

use crate::support::{Recorded, clock};

/// A sandbox, its first app and the recorded requests.
pub struct Platform {
    pub sandbox: Sandbox,
    pub wechat: Wechat,
    pub app: App,
    pub sent: Recorded,
}

pub fn platform() -> Platform {
    let sandbox = Sandbox::with_clock(clock());
    let sent = Recorded::new(&sandbox);
    let builder = Wechat::builder()
        .clock(sandbox.clock())
        .transport(sent.clone())
        .app(sandbox.app_configs().remove(0));
    let wechat = builder.build().unwrap();
    let app = wechat.app(sandbox.appid()).unwrap();
    Platform {
        sandbox,
        wechat,
        app,
        sent,
    }
}

impl Platform {
    /// Returns the body of the last call to a path.
    pub fn body(&self, path: &str) -> Value {
        let requests = self.sent.of(path);
        serde_json::from_slice(requests.last().unwrap().body()).unwrap()
    }
}

/// Asserts that a local check failed: the error names the field and contains all of `parts`.
pub fn refused_here(error: &Error, field: &str, parts: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert_eq!(error.field(), Some(field), "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error} lacks {part}");
    }
}

/// Asserts that the platform rejected the call.
pub fn refused_there<T: std::fmt::Debug>(result: Result<T, Error>, errcode: i64) -> Error {
    let error = result.unwrap_err();
    assert_eq!(
        error.errcode().map(|code| code.get()),
        Some(errcode),
        "{error}"
    );
    error
}
