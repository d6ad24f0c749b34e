//! The `[inbox]` table of the standalone server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::callback::inbox::embedded::Folder;
use crate::chat::Chat;
use crate::examples::{File, example, start};
use crate::over_http::serve;

const PATIENCE: Duration = Duration::from_secs(30);
const FIXED: &str = "[reply]\ndefault = \"later\"\n";

/// The settings of a server whose platform is the sandbox of `chat`.
async fn settings(chat: &Chat, folder: &Folder, inbox: &str, more: &str) -> String {
    let Chat { sandbox, .. } = chat;
    let account = chat.account().await;
    let [appid, secret, token, aes_key] =
        ["appid", "secret", "token", "encoding_aes_key"].map(|name| account[name].clone());
    let file = folder.file();
    format!(
        "listen = \"127.0.0.1:0\"\n\
         [platform]\napi = \"{sandbox}\"\nopen = \"{sandbox}\"\nmp = \"{sandbox}\"\n\
         [access]\nopen = true\n\
         [inbox]\npath = {:?}\n{inbox}\n\
         {more}\n\
         [[apps]]\nappid = {appid}\nsecret = {secret}\n\
         [apps.callback]\ntoken = {token}\naes_key = {aes_key}\nmode = \"secure\"\n",
        file.display().to_string(),
    )
}

/// A table that forwards all pushes to this address.
fn forward(url: &str) -> String {
    format!(
        "[[forward]]\nname = \"shop\"\nurl = \"{url}\"\ntoken = \"shoptoken\"\ndefault = true\n"
    )
}

async fn run(file: &File) -> (Child, String) {
    let mut command = example("standalone");
    command.arg("--config").arg(&file.0);
    start(command).await
}

/// A target that answers `success` after a while, and counts its pushes.
fn target(delay: Duration) -> (Router, Arc<AtomicUsize>) {
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let answer = move || {
        let count = Arc::clone(&count);
        async move {
            sleep(delay).await;
            count.fetch_add(1, Ordering::Relaxed);
            "success"
        }
    };
    (Router::new().route("/", post(answer)), handled)
}

async fn until(handled: &AtomicUsize, count: usize) {
    let reached = async {
        while handled.load(Ordering::Relaxed) < count {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached)
        .await
        .expect("the target gets it");
}

#[tokio::test]
async fn a_target_that_is_down_gets_what_was_acknowledged_before_a_kill() {
    let (chat, folder) = (Chat::start().await, Folder::new("standalone-down"));
    // Bound, so that no other test gets the port, but not listening: connections are refused.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let url = format!("http://{address}/");
    let text = settings(&chat, &folder, "", &forward(&url)).await;
    let file = File::new("inbox-down", &text);
    let (mut server, base) = run(&file).await;
    for question in ["one", "two"] {
        assert_eq!(chat.write(&base, question).await, "success");
    }
    server.kill().await.unwrap();

    let (target, handled) = target(Duration::ZERO);
    let listener = socket.listen(16).unwrap();
    tokio::spawn(async move { axum::serve(listener, target).await.unwrap() });
    let (_server, _) = run(&file).await;
    until(&handled, 2).await;
}

#[tokio::test]
async fn in_spill_mode_a_target_that_is_down_fails_the_push() {
    let (chat, folder) = (Chat::start().await, Folder::new("standalone-spill"));
    let inbox = "mode = \"spill\"";
    let text = settings(&chat, &folder, inbox, &forward("http://127.0.0.1:9/")).await;
    let file = File::new("inbox-spill", &text);
    let (_server, base) = run(&file).await;
    assert_eq!(chat.write(&base, "hello").await, "HTTP 500");
}

#[tokio::test]
async fn a_reply_is_passive_unless_each_message_is_stored() {
    let (chat, folder) = (Chat::start().await, Folder::new("standalone-reply"));
    let file = File::new("inbox-passive", &settings(&chat, &folder, "", FIXED).await);
    let (mut server, base) = run(&file).await;
    assert_eq!(chat.write(&base, "hello").await["text"], "later");
    server.kill().await.unwrap();
    assert!(chat.received().is_empty());

    let inbox = "mode = \"always\"\nworkers = 1\ntries = 2";
    let text = settings(&chat, &folder, inbox, FIXED).await;
    let file = File::new("inbox-always", &text);
    let (_server, base) = run(&file).await;
    assert_eq!(chat.write(&base, "hello").await, "success");
    assert_eq!(chat.receives().await, ["later"]);
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_waits_for_a_stored_message() {
    let (chat, folder) = (Chat::start().await, Folder::new("standalone-term"));
    let (target, handled) = target(Duration::from_secs(2));
    let address = serve(target).await;
    let text = settings(&chat, &folder, "", &forward(&format!("http://{address}/"))).await;
    let file = File::new("inbox-term", &text);
    let (mut server, base) = run(&file).await;
    assert_eq!(chat.write(&base, "hello").await, "success");
    sleep(Duration::from_millis(300)).await;
    let pid = server.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
    assert!(sent.unwrap().success());
    let ended = timeout(PATIENCE, server.wait()).await.expect("it ends");
    assert!(ended.unwrap().success());
    assert_eq!(handled.load(Ordering::Relaxed), 1);
    let mut log = String::new();
    let mut stderr = server.stderr.take().unwrap();
    stderr.read_to_string(&mut log).await.unwrap();
    assert!(!log.contains("did not end"), "{log}");

    // It is handled, so the next process does not run it.
    let (_server, base) = run(&file).await;
    assert_eq!(chat.write(&base, "again").await, "success");
    until(&handled, 2).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(handled.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_sealed_file_needs_its_key() {
    let (chat, folder) = (Chat::start().await, Folder::new("standalone-sealed"));
    let key = format!("seal_key = \"{}=\"", "A".repeat(43));
    let file = File::new("inbox-sealed", &settings(&chat, &folder, &key, FIXED).await);
    let (mut server, _) = run(&file).await;
    server.kill().await.unwrap();
    let file = File::new("inbox-open", &settings(&chat, &folder, "", FIXED).await);
    let mut command = example("standalone");
    let output = command.arg("--config").arg(&file.0).output();
    let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("standalone: inbox.path: "), "{said}");
    assert!(said.contains("sealed with another key"), "{said}");
}
