//! A further instance, on the sandbox of the first.

use axum::http::{Request, header};
use bytes::Bytes;
use serde::Deserialize;
use tower::ServiceExt;
use tower_wechat::client::{Hosts, ReqwestTransport, WechatBuilder};
use tower_wechat::{AppConfig, BoxError, Wechat};

#[derive(Deserialize)]
struct Apps {
    apps: Vec<AppConfig>,
}

/// Configures the apps of the instance at `first`, such as `http://127.0.0.1:36012`, whose sandbox is
/// the platform.
pub(crate) async fn join(first: &str) -> Result<WechatBuilder, BoxError> {
    let sandbox = format!("{}/sandbox", first.trim_end_matches('/'));
    let request = Request::post(format!("{sandbox}/control/apps"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from_static(b"{}"))?;
    let answer = ReqwestTransport::new()?.oneshot(request).await;
    let answer = answer.map_err(|error| format!("--join: {first} does not answer: {error}"))?;
    let Apps { apps } = serde_json::from_slice(answer.body())
        .map_err(|_| format!("--join: {first} is not a standalone server with a sandbox"))?;
    let hosts = Hosts::default()
        .api(&sandbox)?
        .open(&sandbox)?
        .mp(&sandbox)?;
    let builder = Wechat::builder().hosts(hosts);
    Ok(apps.into_iter().fold(builder, WechatBuilder::app))
}
