//! The `[[forward]]` tables: the targets of pushes. A push goes to the first table that it matches.

use serde::Deserialize;
use tower_wechat::callback::deadline::HandlerTracker;
use tower_wechat::callback::forward::{Forward, Rule, Target};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::{CallbackKeys, Error, Secret};

use super::{Wrong, given, required, wrong};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    name: String,
    url: String,
    events: Option<Vec<String>>,
    openids: Option<Vec<String>>,
    scene_prefix: Option<String>,
    token: Option<Secret>,
    token_env: Option<String>,
    aes_key: Option<Secret>,
    aes_key_env: Option<String>,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    shadow: bool,
}

pub(super) fn forward(
    tables: &[Table],
    http_hosts: &[String],
    handlers: &HandlerTracker,
) -> Result<Forward, Wrong> {
    let transport = ReqwestTransport::new().map_err(|error| wrong("forward", error.message()))?;
    let mut builder = Forward::builder(transport)
        .allow_http_hosts(http_hosts)
        .handlers(handlers);
    let mut default = None;
    for (index, table) in tables.iter().enumerate() {
        let key = format!("forward[{index}]");
        let target = table.target(&key)?;
        if table.default {
            table.check_default(&key)?;
            if default.replace(target.clone()).is_some() {
                let why = "is already set on another table";
                return Err(wrong(format!("{key}.default"), why));
            }
        } else if table.shadow {
            builder = builder.shadow(table.rule(&key)?, target);
        } else {
            builder = builder.rule(table.rule(&key)?, target);
        }
    }
    let Some(default) = default else {
        let why = "is missing: set default = true on the table for pushes that match no other";
        return Err(wrong("forward.default", why));
    };
    let built = builder.default_target(default).build();
    built.map_err(|error| match error.field() {
        Some("url") => {
            let why = format!("{}, in forward_http_hosts", error.message());
            wrong("forward.url", why)
        }
        Some(field) => wrong(format!("forward.{field}"), error.message()),
        None => wrong("forward", error.message()),
    })
}

impl Table {
    fn target(&self, key: &str) -> Result<Target, Wrong> {
        let token = required(&format!("{key}.token"), &self.token, &self.token_env)?;
        let aes_key = given(&format!("{key}.aes_key"), &self.aes_key, &self.aes_key_env)?;
        let keys = match aes_key {
            Some(aes_key) => CallbackKeys::secure(token.expose(), aes_key.expose()),
            None => CallbackKeys::plaintext(token.expose()),
        };
        let named = |error: Error| {
            let field = error.field().unwrap_or("url");
            wrong(format!("{key}.{field}"), error.message())
        };
        Target::new(&self.name, &self.url, keys.map_err(named)?).map_err(named)
    }

    fn rule(&self, key: &str) -> Result<Rule, Wrong> {
        let mut rule = Rule::any();
        for (name, list) in [("events", &self.events), ("openids", &self.openids)] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                let why = "is empty, so no push can match: remove it to match all";
                return Err(wrong(format!("{key}.{name}"), why));
            }
        }
        if let Some(events) = &self.events {
            rule = rule.events(events);
        }
        if let Some(openids) = &self.openids {
            rule = rule.openids(openids);
        }
        if let Some(prefix) = &self.scene_prefix {
            rule = rule.scene_prefix(prefix);
        }
        Ok(rule)
    }

    /// Rejects conditions on the default table, which would lose the pushes that don't meet them.
    fn check_default(&self, key: &str) -> Result<(), Wrong> {
        let conditions = [
            ("events", self.events.is_some()),
            ("openids", self.openids.is_some()),
            ("scene_prefix", self.scene_prefix.is_some()),
            ("shadow", self.shadow),
        ];
        match conditions.into_iter().find(|(_, is_set)| *is_set) {
            Some((name, _)) => {
                let why = "conflicts with default = true: remove one of them";
                Err(wrong(format!("{key}.{name}"), why))
            }
            None => Ok(()),
        }
    }
}
