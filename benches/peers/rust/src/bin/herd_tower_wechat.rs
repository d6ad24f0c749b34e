//! The herd with tower-wechat.

use std::time::Instant;

use tokio::task::JoinSet;
use tower_wechat::api::network::GetCallbackIp;
use tower_wechat::client::Hosts;
use tower_wechat::{App, AppConfig, Error, TokenGrant, Wechat};
use tower_wechat_peers::variable;

const APPID: &str = "wx3cc8fd6963e31a32";

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let upstream = variable("UPSTREAM");
    let callers: usize = variable("CALLERS").parse()?;
    // The only call that the peers support.
    let config = AppConfig::new(APPID, "secret").token_grant(TokenGrant::Classic);
    let hosts = Hosts::default().api(&upstream)?;
    let app = Wechat::builder()
        .app(config)
        .hosts(hosts)
        .build()?
        .app(APPID)?;

    let dead = variable("CASE") == "dead";
    if dead {
        app.token().await?;
        reqwest::get(format!("{upstream}/kill")).await?;
    }
    let mut herd = JoinSet::new();
    let start = Instant::now();
    for _ in 0..callers {
        let app = app.clone();
        herd.spawn(async move {
            match once(&app, dead).await {
                Ok(()) => format!("{:.3}", start.elapsed().as_secs_f64() * 1000.0),
                Err(error) => format!("error {:?}", error.kind()),
            }
        });
    }
    println!("{}", herd.join_all().await.join("\n"));
    Ok(())
}

async fn once(app: &App, dead: bool) -> Result<(), Error> {
    if dead {
        app.call(GetCallbackIp::new()).await.map(drop)
    } else {
        app.token().await.map(drop)
    }
}
