//! A process that is killed after it has acknowledged a message: the next one handles it.
//!
//! The process is this test program, which runs the ignored test `process` only.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};
use tower::{Layer, ServiceExt, service_fn};
use tower_wechat::callback::deadline::DeadlineLayer;
use tower_wechat::callback::inbox::{Inbox, InboxLayer};
use tower_wechat::{BoxError, Message, Reply};

use super::embedded::Folder;
use super::support::of;

/// What the process does: `spill` or `always` acknowledges messages and hangs, `handle` handles
/// what is left.
const ROLE: &str = "INBOX_TEST_ROLE";
const FILE: &str = "INBOX_TEST_FILE";

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the other tests"]
async fn process() {
    let (Ok(role), Ok(file)) = (std::env::var(ROLE), std::env::var(FILE)) else {
        return;
    };
    let inbox = Inbox::open(file).unwrap();
    let hangs = role != "handle";
    let handler = service_fn(move |message: Message| async move {
        let (id, attempt) = (message.msg_id().unwrap(), message.attempt());
        println!("\nstarted {id} {attempt}");
        if hangs {
            std::future::pending::<()>().await;
        }
        println!("\nhandled {id} {}", message.dedup_key());
        Ok::<_, BoxError>(Reply::none())
    });
    if role == "spill" {
        let deadline = DeadlineLayer::ack_after(Duration::from_millis(50)).inbox(inbox);
        let service = deadline.layer(handler);
        for id in 1..=3 {
            let reply = service.clone().oneshot(of("o1", id)).await.unwrap();
            assert_eq!(reply, Reply::none());
        }
    } else {
        let service = InboxLayer::new(inbox).layer(handler);
        for id in (1..=3).filter(|_| hangs) {
            let reply = service.clone().oneshot(of("o1", id)).await.unwrap();
            assert_eq!(reply, Reply::none());
        }
    }
    println!("\nacknowledged");
    sleep(PATIENCE).await;
}

type Lines = tokio::io::Lines<BufReader<ChildStdout>>;

fn start(role: &str, folder: &Folder) -> (Child, Lines) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "callback::inbox::crash::process"])
        .args(["--ignored", "--nocapture"])
        .env(ROLE, role)
        .env(FILE, folder.file())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// Reads until a line with this beginning, and returns the rest of it.
async fn line(lines: &mut Lines, beginning: &str) -> String {
    let found = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
        panic!("the process ended without {beginning}");
    };
    timeout(PATIENCE, found).await.unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_is_handled_after_a_kill() {
    for role in ["spill", "always"] {
        let folder = Folder::new(&format!("crash-{role}"));
        let (mut child, mut lines) = start(role, &folder);
        line(&mut lines, "acknowledged").await;
        child.kill().await.unwrap();
        // Another crash, while the messages run again.
        let (mut child, mut lines) = start("always", &folder);
        line(&mut lines, "started 1").await;
        child.kill().await.unwrap();

        let (mut child, mut lines) = start("handle", &folder);
        for id in 1..=3 {
            let handled = line(&mut lines, "handled ").await;
            let key = of("o1", id).dedup_key();
            assert_eq!(handled, format!("{id} {key}"));
        }
        // The end of the last message is written soon.
        sleep(Duration::from_millis(500)).await;
        child.kill().await.unwrap();
        let inbox = Inbox::open(folder.file()).unwrap();
        assert_eq!(inbox.stats().await.unwrap().depth, 0);
    }
}
