//! Options for several instances of an example behind one address.

#[path = "join.rs"]
mod join;

use rand::RngExt;
use rand::distr::Alphanumeric;
use tower_wechat::client::{Hosts, WechatBuilder};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{BoxError, Wechat};

use self::join::join;

#[derive(clap::Args)]
pub(crate) struct Instances {
    /// Shares state with the other instances on this Redis, such as redis://127.0.0.1:6379. Needs
    /// the feature redis.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,

    /// The address of the sandbox of another instance, to use it instead of an own one, such as
    /// http://127.0.0.1:36016/sandbox.
    #[arg(long, value_name = "URL")]
    platform: Option<String>,

    /// The address at which browsers and the platform reach the instances, if it isn't the one that
    /// this instance listens on.
    #[arg(long, value_name = "URL")]
    base: Option<String>,

    /// The key of cookies, the same on all instances: at least 32 characters. Defaults to a new one.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl Instances {
    /// Returns the public address, given the one that this instance listens on.
    pub(crate) fn base(&self, own: &str) -> String {
        self.base.as_deref().unwrap_or(own).to_owned()
    }

    /// Returns the key of cookies.
    pub(crate) fn key(&self) -> String {
        let random = || {
            let letters = rand::rng().sample_iter(Alphanumeric).take(48);
            letters.map(char::from).collect()
        };
        self.key.clone().unwrap_or_else(random)
    }

    /// Returns the address of the sandbox, as part of a JavaScript template literal.
    #[allow(dead_code)]
    pub(crate) fn shown_platform(&self, own: &str) -> String {
        match (&self.platform, &self.base) {
            (Some(platform), _) => platform.clone(),
            // Not through the load balancer: only this instance has it.
            (None, Some(_)) => format!("{own}/sandbox"),
            (None, None) => "${location.origin}/sandbox".to_owned(),
        }
    }

    /// Connects to the platform: returns its sandbox, to be served at `/sandbox`, unless another
    /// instance has one.
    pub(crate) async fn connect(&self, own: &str) -> Result<(Wechat, Option<Sandbox>), BoxError> {
        // For a real account: `Wechat::builder().app(AppConfig::new(appid, secret).callback(keys))`,
        // with the https address of the registered domain (网页授权域名) as the base.
        if let Some(platform) = &self.platform {
            let builder = join(self.share(Wechat::builder())?, platform).await?;
            return Ok((builder.build()?, None));
        }
        let sandbox = Sandbox::new();
        let callback = format!("{}/v1/service/wx/wxmsg", self.base(own));
        sandbox.set_callback_url(&sandbox.appid(), callback);
        let hosts = Hosts::default().open(&format!("{own}/sandbox"))?;
        let builder = self.share(sandbox.wechat_builder())?.hosts(hosts);
        Ok((builder.build()?, Some(sandbox)))
    }

    #[cfg(feature = "redis")]
    fn share(&self, builder: WechatBuilder) -> Result<WechatBuilder, BoxError> {
        use tower_wechat::shared::redis::RedisStore;

        Ok(match &self.redis {
            Some(url) => builder.shared(RedisStore::new(url)?),
            None => builder,
        })
    }

    #[cfg(not(feature = "redis"))]
    fn share(&self, builder: WechatBuilder) -> Result<WechatBuilder, BoxError> {
        match self.redis {
            Some(_) => Err("--redis needs the feature redis: cargo run --features redis".into()),
            None => Ok(builder),
        }
    }
}
