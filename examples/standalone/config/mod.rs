//! The settings file:
//!
//! ```toml
//! listen = "127.0.0.1:36012"
//!
//! [platform]                       # all optional; the real hosts by default
//! api = "https://api.weixin.qq.com"
//! open = "https://open.weixin.qq.com"
//! mp = "https://mp.weixin.qq.com"
//!
//! [[apps]]
//! appid = "wx3cc8fd6963e31a32"
//! secret = "…"                     # or secret_env = "NAME"
//!
//! [apps.callback]                  # absent: the app receives no pushes
//! token = "…"                      # or token_env = "NAME"
//! aes_key = "…"                    # or aes_key_env; absent means plaintext mode
//! mode = "secure"                  # plaintext | compatible | secure
//!
//! [access]
//! keys = ["…"]                     # who may call the JSON routes: Authorization: Bearer …
//! # open = true                    # in place of keys: everyone who reaches a loopback address
//! #                                # may, as behind a proxy that lets in only those who may
//! # hosts = ["wx.example"]         # names that such a proxy sends as Host; without keys only
//! #                                # those and loopback ones are answered
//! token_keys = ["…"]               # who may have access tokens, at `token`; absent: no one
//!
//! [server]                         # all optional, in seconds
//! header_timeout = 10              # how long the head of a request may take
//! idle_timeout = 60                # how long a connection may be silent between requests
//! ```
//!
//! The file holds secrets: `chmod 600` it. How many connections there may be is not limited here:
//! a proxy in front, or the limit of open files, does that.
//!
//! With tables as [`forward`] describes them, pushes are handed on to other services.

mod access;
mod forward;
mod server;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tower_wechat::callback::deadline::Handlers;
use tower_wechat::callback::forward::Forward;
use tower_wechat::client::Hosts;
use tower_wechat::{AppConfig, AppId, CallbackKeys, Error, Secret, Wechat};

use self::access::Access;
use self::server::Server;

/// A setting that is missing or wrong: one line that names its key.
#[derive(Debug)]
pub(crate) struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

fn wrong(key: impl fmt::Display, why: impl fmt::Display) -> Wrong {
    Wrong(format!("{key}: {why}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    #[serde(default = "default_listen")]
    pub(crate) listen: SocketAddr,
    #[serde(default)]
    platform: Platform,
    #[serde(default)]
    apps: Vec<App>,
    #[serde(default)]
    access: Access,
    #[serde(default)]
    server: Server,
    #[serde(default)]
    forward_http_hosts: Vec<String>,
    #[serde(default)]
    forward: Vec<forward::Table>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    api: Option<String>,
    open: Option<String>,
    mp: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    appid: String,
    secret: Option<Secret>,
    secret_env: Option<String>,
    callback: Option<Callback>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    token: Option<Secret>,
    token_env: Option<String>,
    aes_key: Option<Secret>,
    aes_key_env: Option<String>,
    mode: Option<Mode>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Plaintext,
    Compatible,
    Secure,
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 36012).into()
}

/// Those of a server that plays the platform too: open to this machine.
impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: default_listen(),
            platform: Platform::default(),
            apps: Vec::new(),
            access: Access {
                open: true,
                ..Access::default()
            },
            server: Server::default(),
            forward_http_hosts: Vec::new(),
            forward: Vec::new(),
        }
    }
}

impl Settings {
    pub(crate) fn read(file: &Path) -> Result<Self, Wrong> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| wrong("--config", format!("{}: {error}", file.display())))?;
        // The parser's own text may quote the file, and the file holds secrets.
        let line = |span: Option<std::ops::Range<usize>>| {
            let before = span
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            before.lines().count().max(1)
        };
        let parsed = toml::Deserializer::parse(&text).map_err(|error| {
            wrong(
                "--config",
                format!("line {} is not TOML", line(error.span())),
            )
        })?;
        let settings: Self = serde_path_to_error::deserialize(parsed).map_err(|error| {
            let key = error.path().to_string();
            wrong(key, explain(error.inner().message()))
        })?;
        if settings.apps.is_empty() {
            return Err(wrong(
                "apps",
                "is missing: write at least one [[apps]] table",
            ));
        }
        Ok(settings)
    }

    /// Refuses to let everyone on the network use the JSON routes.
    pub(crate) fn check_exposure(&self, listen: SocketAddr) -> Result<(), Wrong> {
        self.access.check(listen)
    }

    /// Who may call the JSON routes; `None` for everyone.
    pub(crate) fn access_keys(&self) -> Option<Vec<Secret>> {
        self.access.keys.clone()
    }

    /// The names in `Host` that are answered beside loopback ones; `None` when all are.
    pub(crate) fn hosts(&self) -> Option<&[String]> {
        let access = &self.access;
        (access.open || !access.hosts.is_empty()).then_some(&*access.hosts)
    }

    pub(crate) fn header_timeout(&self) -> Result<Duration, Wrong> {
        self.server.header_timeout()
    }

    pub(crate) fn idle_timeout(&self) -> Result<Duration, Wrong> {
        self.server.idle_timeout()
    }

    pub(crate) fn token_keys(&self) -> Option<Vec<Secret>> {
        Some(self.access.token_keys.clone()).filter(|keys| !keys.is_empty())
    }

    pub(crate) fn wechat(&self) -> Result<Wechat, Wrong> {
        let mut builder = Wechat::builder().hosts(self.platform.hosts()?);
        for (index, app) in self.apps.iter().enumerate() {
            builder = builder.app(app.config(&format!("apps[{index}]"))?);
        }
        builder.build().map_err(|error| wrong("apps", error))
    }
}

impl Settings {
    /// What hands pushes on, if the file says so.
    pub(crate) fn forward(&self, handlers: &Handlers) -> Result<Option<Forward>, Wrong> {
        match &*self.forward {
            [] => Ok(None),
            tables => forward::forward(tables, &self.forward_http_hosts, handlers).map(Some),
        }
    }
}

/// What the parser found wrong, without the value that it quotes.
fn explain(message: &str) -> String {
    let kept = [
        "missing field",
        "unknown field",
        "unknown variant",
        "duplicate",
    ];
    if kept.iter().any(|start| message.starts_with(start)) {
        return message.lines().next().unwrap_or_default().to_owned();
    }
    match message.split_once("expected ") {
        Some((_, "socket address")) => {
            "must be an IP address and a port, such as \"127.0.0.1:36012\"".to_owned()
        }
        Some((_, expected)) => format!("must be {}", expected.lines().next().unwrap_or_default()),
        None => "is not a valid value".to_owned(),
    }
}

impl Platform {
    fn hosts(&self) -> Result<Hosts, Wrong> {
        let mut hosts = Hosts::default();
        if let Some(api) = &self.api {
            hosts = hosts
                .api(api)
                .map_err(|error| wrong("platform.api", error))?;
        }
        if let Some(open) = &self.open {
            hosts = hosts
                .open(open)
                .map_err(|error| wrong("platform.open", error))?;
        }
        if let Some(mp) = &self.mp {
            hosts = hosts.mp(mp).map_err(|error| wrong("platform.mp", error))?;
        }
        Ok(hosts)
    }
}

impl App {
    fn config(&self, key: &str) -> Result<AppConfig, Wrong> {
        AppId::new(&self.appid).map_err(|error| wrong(format!("{key}.appid"), error.message()))?;
        let secret = required(&format!("{key}.secret"), &self.secret, &self.secret_env)?;
        let config = AppConfig::new(&self.appid, secret);
        Ok(match &self.callback {
            Some(callback) => config.callback(callback.keys(&format!("{key}.callback"))?),
            None => config,
        })
    }
}

impl Callback {
    fn keys(&self, key: &str) -> Result<CallbackKeys, Wrong> {
        let token = required(&format!("{key}.token"), &self.token, &self.token_env)?;
        let token = token.expose();
        let aes_key = given(&format!("{key}.aes_key"), &self.aes_key, &self.aes_key_env)?;
        let keys = match (self.mode, aes_key) {
            (Some(Mode::Plaintext) | None, None) => CallbackKeys::plaintext(token),
            (Some(Mode::Secure) | None, Some(aes_key)) => {
                CallbackKeys::secure(token, aes_key.expose())
            }
            (Some(Mode::Compatible), Some(aes_key)) => {
                CallbackKeys::compatible(token, aes_key.expose())
            }
            (Some(Mode::Plaintext), Some(_)) => {
                return Err(wrong(
                    format!("{key}.mode"),
                    "is plaintext although there is an aes_key: take one of the two out",
                ));
            }
            (Some(Mode::Compatible | Mode::Secure), None) => {
                return Err(wrong(
                    format!("{key}.aes_key"),
                    "is missing: this mode needs it",
                ));
            }
        };
        keys.map_err(|error: Error| {
            let field = error.field().unwrap_or("token");
            wrong(format!("{key}.{field}"), error.message())
        })
    }
}

fn required(key: &str, value: &Option<Secret>, variable: &Option<String>) -> Result<Secret, Wrong> {
    given(key, value, variable)?
        .ok_or_else(|| wrong(key, format!("is missing: give it, or {key}_env")))
}

/// A value from the file, or from the environment variable that the file names.
fn given(
    key: &str,
    value: &Option<Secret>,
    variable: &Option<String>,
) -> Result<Option<Secret>, Wrong> {
    let value = match (value, variable) {
        (Some(_), Some(_)) => return Err(wrong(key, format!("is given twice: also as {key}_env"))),
        (Some(value), None) => value.clone(),
        (None, Some(variable)) => match std::env::var(variable) {
            Ok(value) => Secret::new(value),
            Err(_) => {
                let why = format!("the environment variable {variable} is not set");
                return Err(wrong(format!("{key}_env"), why));
            }
        },
        (None, None) => return Ok(None),
    };
    if value.expose().is_empty() {
        return Err(wrong(key, "is empty"));
    }
    Ok(Some(value))
}
