//! A further instance on the sandbox of another one.

use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use tower::ServiceExt;
use tower_wechat::client::{Hosts, ReqwestTransport, WechatBuilder};
use tower_wechat::{AppConfig, BoxError, CallbackKeys, Secret};

/// What the sandbox tells of its app.
#[derive(Deserialize)]
struct Account {
    appid: String,
    secret: Secret,
    token: Secret,
    encoding_aes_key: Secret,
}

/// Configures the app of a sandbox at an address such as `http://127.0.0.1:36012/sandbox`, which is
/// the platform of this instance, too.
pub(crate) async fn join(builder: WechatBuilder, sandbox: &str) -> Result<WechatBuilder, BoxError> {
    let request =
        Request::post(format!("{sandbox}/control/app")).body(Bytes::from_static(b"{}"))?;
    let answer = ReqwestTransport::new()?.oneshot(request).await;
    let answer = answer.map_err(|error| format!("{sandbox} does not answer: {error}"))?;
    let account: Account = serde_json::from_slice(answer.body())
        .map_err(|_| format!("{sandbox} is not the sandbox of an instance"))?;
    let (token, aes_key) = (account.token.expose(), account.encoding_aes_key.expose());
    let keys = CallbackKeys::secure(token, aes_key)?;
    let app = AppConfig::new(account.appid, account.secret).callback(keys);
    let hosts = Hosts::default().api(sandbox)?.open(sandbox)?.mp(sandbox)?;
    Ok(builder.app(app).hosts(hosts))
}
