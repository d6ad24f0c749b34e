//! A page in a real Chromium, in a window the size of a phone.
//!
//! The browser is driven through its debugging pipe and needs no driver. Without a browser, tests
//! print a note and pass.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(60);

/// The width of the window. A wider page would scroll sideways.
const WIDTH: u32 = 390;

/// A page in a new browser process.
pub struct Page {
    browser: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
    profile: PathBuf,
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = ["chromium", "google-chrome"].iter().find_map(|name| {
        let mut files = std::env::split_paths(&path).map(|dir| dir.join(name));
        files.find(|file| file.is_file())
    });
    if found.is_none() {
        // `eprintln!` is captured, and shown only for tests that fail.
        let told = writeln!(
            std::io::stderr(),
            "skipped: a test needs chromium, which is not installed"
        );
        told.unwrap();
    }
    found
}

impl Page {
    /// Opens `address`. Returns `None` without a browser.
    pub async fn open(test: &str, address: &str) -> Option<Self> {
        let program = installed()?;
        let profile = format!("tower-wechat-{}-{test}", std::process::id());
        let profile = std::env::temp_dir().join(profile);
        // The browser reads commands from descriptor 3 and writes responses to 4.
        let mut browser = Command::new("sh")
            .args(["-c", r#"exec "$@" 3<&0 4>&1 0</dev/null 1>&2"#, "sh"])
            .arg(program)
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox"])
            .args(["--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut page = Self {
            commands: browser.stdin.take().unwrap(),
            answers: BufReader::new(browser.stdout.take().unwrap()),
            browser,
            last: 0,
            session: None,
            profile,
        };
        let target = page.send("Target.createTarget", json!({"url": "about:blank"}));
        let id = target.await["targetId"].clone();
        let attach = json!({"targetId": id, "flatten": true});
        let session = page.send("Target.attachToTarget", attach).await;
        page.session = session["sessionId"].as_str().map(str::to_owned);
        let phone = json!({
            "width": WIDTH, "height": 844, "deviceScaleFactor": 1, "mobile": true,
        });
        page.send("Emulation.setDeviceMetricsOverride", phone).await;
        page.send("Page.navigate", json!({"url": address})).await;
        Some(page)
    }

    pub async fn send(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut command = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let command = format!("{command}\0");
        self.commands.write_all(command.as_bytes()).await.unwrap();
        timeout(PATIENCE, self.answer(method)).await.unwrap()
    }

    /// Returns the response to the last command and skips the events before it.
    async fn answer(&mut self, method: &str) -> Value {
        loop {
            let mut bytes = Vec::new();
            self.answers.read_until(0, &mut bytes).await.unwrap();
            assert_eq!(bytes.pop(), Some(0), "chromium ended before {method}");
            let mut answer: Value = serde_json::from_slice(&bytes).unwrap();
            if answer["id"] == self.last {
                return answer["result"].take();
            }
        }
    }

    /// Evaluates an expression on the current page.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        let mut result = self.send("Runtime.evaluate", params).await;
        result["result"]["value"].take()
    }

    /// Returns the visible text once it contains `part`.
    pub async fn text_with(&mut self, part: &str) -> String {
        let shown = async {
            loop {
                let text = self.evaluate("document.body?.innerText ?? ''").await;
                // There is no body while the browser navigates.
                match text.as_str() {
                    Some(text) if text.contains(part) => return text.to_owned(),
                    _ => sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let shown = timeout(PATIENCE, shown).await;
        shown.unwrap_or_else(|_| panic!("the page never showed {part:?}"))
    }

    pub async fn check_readable(&mut self) {
        assert_eq!(self.evaluate("document.characterSet").await, "UTF-8");
        assert_eq!(self.evaluate("innerWidth").await, WIDTH);
        let width = self.evaluate("document.documentElement.scrollWidth").await;
        assert_eq!(width, WIDTH, "the page is wider than the window");
    }

    pub async fn close(mut self) {
        self.session = None;
        self.send("Browser.close", json!({})).await;
        timeout(PATIENCE, self.browser.wait())
            .await
            .unwrap()
            .unwrap();
        // The browser's helper processes may still write there, so the removal may fail.
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
