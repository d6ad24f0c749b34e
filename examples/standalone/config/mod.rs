//! The settings file. `examples/standalone/config.example.toml` describes every option.

mod access;
mod apps;
mod forward;
mod inbox;
mod limits;
mod redis;
mod reply;
mod server;
mod timeouts;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tower_wechat::callback::deadline::HandlerTracker;
use tower_wechat::callback::forward::Forward;
use tower_wechat::callback::inbox::Inbox;
use tower_wechat::client::Hosts;
use tower_wechat::shared::redis::RedisStore;
use tower_wechat::{Secret, Wechat};

use self::access::Access;
pub(crate) use self::apps::Pushes;
pub(crate) use self::inbox::Mode as InboxMode;
pub(crate) use self::limits::Limits;
pub(crate) use self::reply::Replies;
use self::server::Server;
use self::timeouts::Timeouts;

/// The error of a missing or invalid setting, as one line that starts with its key.
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
    #[serde(deserialize_with = "address")]
    pub(crate) listen: SocketAddr,
    #[serde(default)]
    platform: Platform,
    #[serde(default)]
    apps: Vec<apps::App>,
    #[serde(default)]
    access: Access,
    #[serde(default)]
    server: Server,
    #[serde(default)]
    timeouts: Timeouts,
    #[serde(default)]
    pub(crate) limits: Limits,
    redis: Option<redis::Redis>,
    inbox: Option<inbox::Table>,
    reply: Option<reply::Table>,
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

/// Deserializes a socket address. `localhost` means 127.0.0.1.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let literal = text.replacen("localhost:", "127.0.0.1:", 1);
    let address = literal.parse();
    address.map_err(|_| D::Error::custom("expected socket address"))
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 36012).into()
}

/// The settings with the sandbox, where the routes are open on a loopback address.
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
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            redis: None,
            inbox: None,
            reply: None,
            forward_http_hosts: Vec::new(),
            forward: Vec::new(),
        }
    }
}

impl Settings {
    pub(crate) fn read(file: &Path) -> Result<Self, Wrong> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| wrong("--config", format!("{}: {error}", file.display())))?;
        // The parser's message can quote the file, which holds secrets.
        let line = |span: Option<std::ops::Range<usize>>| {
            let before = span
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            before.lines().count().max(1)
        };
        let parsed = toml::Deserializer::parse(&text).map_err(|error| {
            wrong(
                "--config",
                format!("line {} is not valid TOML", line(error.span())),
            )
        })?;
        let settings: Self = serde_path_to_error::deserialize(parsed).map_err(|error| {
            let key = error.path().to_string();
            wrong(key, explain(error.inner().message()))
        })?;
        if settings.apps.is_empty() {
            return Err(wrong("apps", "is missing: add at least one [[apps]] table"));
        }
        settings.limits.check()?;
        Ok(settings)
    }

    /// Rejects settings that would open the JSON routes to the network.
    pub(crate) fn check_exposure(&self, listen: SocketAddr) -> Result<(), Wrong> {
        self.access.check(listen)
    }

    /// The keys of the JSON routes; `None` if the routes are open.
    pub(crate) fn access_keys(&self) -> Option<Vec<Secret>> {
        self.access.keys.clone()
    }

    /// The accepted names in `Host` besides loopback ones; `None` accepts all names.
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

    /// The state that several instances share, if the file has any.
    pub(crate) fn shared(&self) -> Result<Option<RedisStore>, Wrong> {
        self.redis.as_ref().map(redis::Redis::store).transpose()
    }

    pub(crate) fn wechat(&self, shared: Option<RedisStore>) -> Result<Wechat, Wrong> {
        let mut builder = self.timeouts.apply(Wechat::builder())?;
        builder = builder.hosts(self.platform.hosts()?);
        if let Some(shared) = shared {
            builder = builder.shared(shared);
        }
        for (index, app) in self.apps.iter().enumerate() {
            builder = builder.app(app.config(&format!("apps[{index}]"))?);
        }
        builder.build().map_err(|error| wrong("apps", error))
    }
}

impl Settings {
    /// The push settings of each app that receives pushes.
    pub(crate) fn pushes(&self) -> Vec<Pushes> {
        self.apps.iter().filter_map(apps::App::pushes).collect()
    }

    /// The fixed replies, if the file has any.
    pub(crate) fn replies(&self) -> Result<Option<Replies>, Wrong> {
        self.reply.as_ref().map(reply::Table::replies).transpose()
    }

    /// The inbox and its mode, if the file has one. Opens the inbox.
    pub(crate) fn inbox(
        &self,
        shared: Option<&RedisStore>,
    ) -> Result<Option<(Inbox, InboxMode)>, Wrong> {
        // A target that is down fails before the deadline, so that spill mode would keep nothing
        // for it.
        let default = match &*self.forward {
            [] => InboxMode::Spill,
            _ => InboxMode::Always,
        };
        let inbox = self.inbox.as_ref().map(|table| table.open(shared, default));
        inbox.transpose()
    }

    /// Logs warnings about the settings at startup.
    pub(crate) fn tell(&self) {
        for app in self.pushes() {
            if app.is_plaintext {
                tracing::warn!(
                    appid = app.appid,
                    "pushes are in plaintext mode (no aes_key), so the platform does not sign \
                     their bodies. Set 安全模式 in the console, and aes_key here"
                );
            }
        }
        if !self.pushes().is_empty() && self.forward.is_empty() && self.reply.is_none() {
            tracing::warn!(
                "pushes are only acknowledged and logged: add [[forward]] or [reply] tables to \
                 handle them"
            );
        }
    }

    /// The forwarding handler, if the file has `[[forward]]` tables.
    pub(crate) fn forward(&self, handlers: &HandlerTracker) -> Result<Option<Forward>, Wrong> {
        match &*self.forward {
            [] => Ok(None),
            tables => forward::forward(tables, &self.forward_http_hosts, handlers).map(Some),
        }
    }
}

/// Rewrites the parser's message without the value that it quotes, which can be a secret.
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
            "must be an IP address and a port, such as \"127.0.0.1:36012\" (or localhost and a port)"
                .to_owned()
        }
        Some((_, expected)) if expected.starts_with("a sequence") => {
            "must be a list, such as [\"…\"]".to_owned()
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

fn required(key: &str, value: &Option<Secret>, variable: &Option<String>) -> Result<Secret, Wrong> {
    given(key, value, variable)?
        .ok_or_else(|| wrong(key, format!("is missing: set it or {key}_env")))
}

/// Checks a secret's length, and that it has no whitespace from copying.
fn shaped(key: &str, value: Secret, least: usize) -> Result<Secret, Wrong> {
    let text = value.expose();
    if text.contains(char::is_whitespace) {
        return Err(wrong(key, "contains whitespace: copy it again"));
    }
    let len = text.chars().count();
    if len < least {
        return Err(wrong(
            key,
            format!("must have at least {least} characters (it has {len})"),
        ));
    }
    Ok(value)
}

/// Returns a value from the file, or from the environment variable that the file names.
fn given(
    key: &str,
    value: &Option<Secret>,
    variable: &Option<String>,
) -> Result<Option<Secret>, Wrong> {
    let value = match (value, variable) {
        (Some(_), Some(_)) => return Err(wrong(key, format!("is set twice: also as {key}_env"))),
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
