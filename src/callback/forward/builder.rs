//! The builder of [`Forward`].

use std::fmt;
use std::sync::Arc;

use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::callback::deadline::HandlerTracker;
use crate::callback::forward::upstream::Upstream;
use crate::callback::forward::{Forward, Local, Rest, Rule, Shared, Target, Transport, Wire};
use crate::callback::{IntoReply, Message};
use crate::clock::{Clock, SharedClock};
use crate::error::{BoxError, Error};
use crate::runtime::{Runtime, SharedRuntime};

/// A builder for [`Forward`]; made by [`Forward::builder`].
#[must_use = "the configuration takes effect with `build`"]
pub struct ForwardBuilder {
    transport: Transport,
    rules: Vec<(Rule, Target)>,
    shadows: Vec<(Rule, Target)>,
    default: Option<Target>,
    local: Option<Local>,
    http_hosts: Vec<String>,
    handlers: Option<HandlerTracker>,
    clock: SharedClock,
    runtime: Option<SharedRuntime>,
}

impl ForwardBuilder {
    pub(super) fn new(transport: Transport) -> Self {
        #[cfg(feature = "tokio")]
        let runtime = Some(SharedRuntime::new(crate::runtime::TokioRuntime));
        #[cfg(not(feature = "tokio"))]
        let runtime = None;
        Self {
            transport,
            rules: Vec::new(),
            shadows: Vec::new(),
            default: None,
            local: None,
            http_hosts: Vec::new(),
            handlers: None,
            clock: SharedClock::default(),
            runtime,
        }
    }

    /// Forwards pushes that match `rule`, and none of the earlier rules, to `target`.
    pub fn rule(mut self, rule: Rule, target: Target) -> Self {
        self.rules.push((rule, target));
        self
    }

    /// Forwards a copy of each push that matches `rule` to `target`, in addition to its regular
    /// destination. A shadow cannot answer, delay or fail a push. Its failures are logged and
    /// counted.
    pub fn shadow(mut self, rule: Rule, target: Target) -> Self {
        self.shadows.push((rule, target));
        self
    }

    /// Forwards pushes that match no rule to `target`.
    pub fn default_target(mut self, target: Target) -> Self {
        self.default = Some(target);
        self
    }

    /// Passes pushes that match no rule to `handler`, in this process.
    pub fn fallback<H>(mut self, handler: H) -> Self
    where
        H: Service<Message> + Clone + Send + Sync + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send + 'static,
    {
        let handler = handler
            .map_err(Into::into)
            .map_result(|answer: Result<H::Response, BoxError>| answer?.into_reply());
        self.local = Some(BoxCloneSyncService::new(handler));
        self
    }

    /// Allows `http://` URLs for targets at these hosts, for example in an internal network. Hosts
    /// are names or IP addresses, without ports. Loopback addresses are always allowed.
    ///
    /// An attacker on the network can read users' messages to such a target, and can answer users
    /// in its place. If the target's keys encrypt pushes, neither is possible.
    pub fn allow_http_hosts(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.http_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Counts the copies in progress to shadows in `handlers`, so that they are awaited at
    /// shutdown. They do not count towards its limit.
    pub fn handlers(mut self, handlers: &HandlerTracker) -> Self {
        self.handlers = Some(handlers.clone());
        self
    }

    /// Sets the clock that dates pushes and measures the age of answers.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// Sets the runtime. Defaults to tokio.
    pub fn runtime(mut self, runtime: impl Runtime) -> Self {
        self.runtime = Some(SharedRuntime::new(runtime));
        self
    }

    /// Validates the configuration. No request is sent.
    ///
    /// # Errors
    /// - [`ErrorKind::Config`](crate::ErrorKind::Config) if neither a default target nor a fallback
    ///   is set, if both are set, if two targets have the same name, or without a runtime.
    /// - [`ErrorKind::Input`](crate::ErrorKind::Input) for an `http://` URL at a host that is not
    ///   allowed, a concurrency of 0, or a rule that no push can match.
    pub fn build(self) -> Result<Forward, Error> {
        let runtime = self.runtime.ok_or_else(|| {
            Error::config("no runtime: enable the feature `tokio`, or set one with `runtime`")
        })?;
        let mut upstreams = Lanes {
            http_hosts: self.http_hosts,
            all: Vec::new(),
        };
        let rules = upstreams.ruled(self.rules)?;
        let shadows = upstreams.ruled(self.shadows)?;
        let rest = match (self.default, self.local) {
            (Some(target), None) => Rest::Target(upstreams.add(target)?),
            (None, Some(handler)) => Rest::Local(handler),
            (None, None) => {
                return Err(Error::config(
                    "no default: set `default_target` or `fallback` for pushes that match no rule",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Error::config(
                    "two defaults: remove `default_target` or `fallback`",
                ));
            }
        };
        Ok(Forward(Arc::new(Shared {
            rules,
            shadows,
            rest,
            upstreams: upstreams.all,
            wire: Wire {
                transport: self.transport,
                handlers: self.handlers,
                clock: self.clock,
                runtime,
            },
        })))
    }
}

/// The targets without duplicates, even if several rules have the same target.
struct Lanes {
    http_hosts: Vec<String>,
    all: Vec<Arc<Upstream>>,
}

impl Lanes {
    fn ruled(&mut self, rules: Vec<(Rule, Target)>) -> Result<Vec<(Rule, Arc<Upstream>)>, Error> {
        let mut ruled = Vec::with_capacity(rules.len());
        for (rule, target) in rules {
            if let Some(condition) = rule.impossible() {
                let why = format!(
                    "of target {:?} is an empty list, which no push can match: omit it for all",
                    target.name()
                );
                return Err(Error::input(condition, why));
            }
            ruled.push((rule, self.add(target)?));
        }
        Ok(ruled)
    }

    fn add(&mut self, target: Target) -> Result<Arc<Upstream>, Error> {
        let same_name = |upstream: &&Arc<Upstream>| upstream.target().name() == target.name();
        if let Some(known) = self.all.iter().find(same_name) {
            if known.target().is(&target) {
                return Ok(Arc::clone(known));
            }
            let why = format!("two targets are called {:?}", target.name());
            return Err(Error::config(why));
        }
        target.check(&self.http_hosts)?;
        let upstream = Arc::new(Upstream::new(target));
        self.all.push(Arc::clone(&upstream));
        Ok(upstream)
    }
}

/// Prints the names of the targets.
impl fmt::Debug for ForwardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |rules: &[(Rule, Target)]| -> Vec<String> {
            let names = rules.iter().map(|(_, target)| target.name().to_owned());
            names.collect()
        };
        f.debug_struct("ForwardBuilder")
            .field("rules", &names(&self.rules))
            .field("shadows", &names(&self.shadows))
            .field("default", &self.default.as_ref().map(Target::name))
            .finish_non_exhaustive()
    }
}
