//! The sandbox on a socket, as the platform of several processes.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tower::ServiceExt;
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::Sandbox;

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "a-key-of-sixteen-characters-or-more";

/// Serves a sandbox on a free port, and returns its address.
pub async fn serve(sandbox: &Sandbox) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback_service(sandbox.http());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

/// Returns the table of the callback of the sandbox's app.
pub async fn callback(platform: &str) -> String {
    let request = Request::post(format!("{platform}/control/app"));
    let request = request.body(Bytes::from_static(b"{}")).unwrap();
    let transport = ReqwestTransport::new().unwrap();
    let answer = transport.oneshot(request).await.unwrap();
    let keys: Value = serde_json::from_slice(answer.body()).unwrap();
    let [token, aes_key] = ["token", "encoding_aes_key"].map(|name| keys[name].clone());
    format!("[apps.callback]\ntoken = {token}\naes_key = {aes_key}\nmode = \"secure\"")
}

/// A process of the standalone example.
pub struct Instance {
    pub base: String,
    pub process: Child,
    _settings: Settings,
}

/// A settings file, removed on drop.
struct Settings(PathBuf);

impl Drop for Settings {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Instance {
    /// Starts a process whose platform is at `platform` and whose Redis is at `redis`. `app` has
    /// further lines of the app's table.
    pub async fn start(platform: &str, redis: &str, sandbox: &Sandbox, app: &str) -> Self {
        let secret = sandbox.secrets().swap_remove(0);
        let settings = format!(
            "listen = \"127.0.0.1:0\"\n\
             [platform]\napi = \"{platform}\"\nopen = \"{platform}\"\nmp = \"{platform}\"\n\
             [access]\nkeys = [\"{KEY}\"]\n\
             [redis]\nurl = \"{redis}\"\n\
             [[apps]]\nappid = \"{}\"\nsecret = \"{}\"\n{app}\n",
            Sandbox::APPID,
            secret.expose(),
        );
        let name = format!("tower-wechat-{:016x}.toml", rand::random::<u64>());
        let settings_file = Settings(std::env::temp_dir().join(name));
        std::fs::write(&settings_file.0, settings).unwrap();
        let mut process = command()
            .arg("--config")
            .arg(&settings_file.0)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let line = line.expect("the process says where it listens");
        let address = line.strip_prefix("Listening on http://").unwrap();
        let address = address.split('/').next().unwrap();
        Self {
            base: format!("http://{address}/v1/service/wx"),
            process,
            _settings: settings_file,
        }
    }

    /// Creates a QR code, and returns the answer's `ret`.
    pub async fn qrcode(&self) -> Value {
        let body = json!({"source": "test", "appid": Sandbox::APPID, "scene": "order-42"});
        let transport = ReqwestTransport::new().unwrap();
        self.call(&transport, "getwxqrcode", &body).await
    }

    /// Calls a JSON route, and returns the answer's `ret`.
    pub async fn call(&self, transport: &ReqwestTransport, route: &str, body: &Value) -> Value {
        let request = Request::post(format!("{}/{route}", self.base))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .body(Bytes::from(body.to_string()))
            .unwrap();
        let answer = timeout(PATIENCE, transport.clone().oneshot(request));
        let answer = answer.await.unwrap().unwrap();
        let mut envelope: Value = serde_json::from_slice(answer.body()).unwrap();
        envelope["ret"].take()
    }

    /// Sends a signal, such as `KILL`, `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let id = self.process.id().unwrap().to_string();
        let sent = std::process::Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success());
    }
}

fn command() -> Command {
    // Tests are in target/<profile>/deps, examples in target/<profile>/examples.
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/standalone");
    let mut command = Command::new(path.with_extension(std::env::consts::EXE_EXTENSION));
    command
        .env("RUST_LOG", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}
