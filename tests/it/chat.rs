//! A user of the sandbox, who writes to an example that runs as a process.

use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::{Sandbox, User};

use crate::examples::post;
use crate::over_http::serve;

const PATIENCE: Duration = Duration::from_secs(60);

/// The sandbox is on a socket, and outlives the process.
pub struct Chat {
    pub sandbox: String,
    user: User,
}

impl Chat {
    pub async fn start() -> Self {
        let sandbox = Sandbox::new();
        let user = sandbox.user("Lan");
        let platform = sandbox
            .http()
            .push_through(ReqwestTransport::new().unwrap());
        let address = serve(Router::new().nest_service("/sandbox", platform)).await;
        Self {
            sandbox: format!("http://{address}/sandbox"),
            user,
        }
    }

    /// Returns the secret and the callback keys of the app.
    pub async fn account(&self) -> Value {
        let url = format!("{}/control/app", self.sandbox);
        post(url, None, json!({})).await.1
    }

    /// Writes a text to the process at `base`, once. Returns what the process has answered.
    pub async fn write(&self, base: &str, text: &str) -> Value {
        let callback = format!("{base}/v1/service/wx/wxmsg/{}", Sandbox::APPID);
        let push = json!({
            "type": "text", "content": text, "user": self.user.openid(), "to": [callback],
        });
        let url = format!("{}/control/push", self.sandbox);
        let report = post(url, None, push).await.1;
        report["attempts"][0].clone()
    }

    /// Returns the texts of the customer-service messages so far.
    pub fn received(&self) -> Vec<String> {
        let messages = self.user.received().into_iter();
        messages
            .map(|message| message["text"]["content"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits for a customer-service message.
    pub async fn receives(&self) -> Vec<String> {
        let received = async {
            while self.received().is_empty() {
                sleep(Duration::from_millis(20)).await;
            }
            self.received()
        };
        timeout(PATIENCE, received).await.expect("a message")
    }
}
