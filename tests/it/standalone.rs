//! The standalone example under attack: access by host, and connection timeouts.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use crate::examples::{File, SETTINGS, example, start};
use crate::support::Wire;

const KEYS: &str = "keys = [\"a-key-of-sixteen-characters-or-more\"]";
const ROUTE: &str = "/v1/service/wx/getwxqrcode";

/// Starts the server with a settings file whose access keys are replaced by `access`.
async fn serve(name: &str, access: &str) -> (Child, String, File) {
    let file = File::new(name, &SETTINGS.replace(KEYS, access));
    let mut command = example("standalone");
    // The log is not read and must not fill the pipe.
    command.arg("--config").arg(&file.0).env("RUST_LOG", "off");
    let (child, base) = start(command).await;
    (child, base, file)
}

/// Returns the status of a request with this `Host`.
async fn status(base: &str, host: Option<&str>) -> (u16, String) {
    let host = host.map(|host| format!("Host: {host}\r\n"));
    let request = format!(
        "POST {ROUTE} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}",
        host.unwrap_or_default()
    );
    let mut wire = Wire::to(base).await;
    wire.write(request.as_bytes()).await;
    let (status, _, body) = wire.answer().await;
    (status, body)
}

#[tokio::test]
async fn open_routes_accept_only_local_hosts() {
    let mut command = example("standalone");
    command.args(["--listen", "127.0.0.1:0"]);
    let (_child, base) = start(command).await;
    let (_child, open, _file) = serve("hosts", "open = true\nhosts = [\"wx.example\"]").await;
    for base in [&base, &open] {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "127.7.7.7:36012",
            "[::1]",
            "[::1]:36012",
        ] {
            assert_eq!(status(base, Some(host)).await.0, 400, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:36012",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost@evil.example",
            "evil@localhost",
            "10.0.0.1",
            "[::2]",
            "",
            "localhost\r\nHost: evil.example",
        ] {
            let (status, body) = status(base, Some(host)).await;
            assert!(matches!(status, 400 | 421), "{host}: {status}");
            assert!(!body.contains("3584002"), "{host} reached the route");
        }
        let (status, body) = status(base, Some("evil.example")).await;
        assert_eq!(status, 421);
        assert!(body.contains("access.hosts"), "{body}");
    }
    assert_eq!(status(&base, None).await.0, 421);
    assert_eq!(status(&base, Some("wx.example")).await.0, 421);
    assert_eq!(status(&open, Some("WX.example:8080")).await.0, 400);
    let push = json!({"type": "text", "content": "x"}).to_string();
    let mut wire = Wire::to(&base).await;
    let request = format!(
        "POST /sandbox/control/push HTTP/1.1\r\nHost: evil.example\r\nContent-Length: {}\r\n\r\n{push}",
        push.len()
    );
    wire.write(request.as_bytes()).await;
    assert_eq!(wire.answer().await.0, 421);
}

#[tokio::test]
async fn the_other_examples_on_loopback_accept_only_local_hosts() {
    // The second has no such route, and the third has not opened it.
    for (name, found) in [("axum", 400), ("oauth", 404), ("scan_login", 401)] {
        let mut command = example(name);
        command.arg("127.0.0.1:0");
        let (_child, base) = start(command).await;
        assert_eq!(status(&base, Some("evil.example")).await.0, 421, "{name}");
        assert_eq!(status(&base, Some("localhost")).await.0, found, "{name}");
    }
}

#[tokio::test]
async fn routes_with_keys_accept_any_host() {
    let (_child, base, _file) = serve("keyed", KEYS).await;
    assert_eq!(status(&base, Some("wx.example")).await.0, 401);
    let (_child, open, _file) = serve("open", "open = true").await;
    assert_eq!(status(&open, Some("localhost")).await.0, 400);
}

#[tokio::test]
async fn only_idle_connections_are_closed() {
    let limits = format!("{KEYS}\n[server]\nheader_timeout = 1\nidle_timeout = 3");
    let (_child, base, _file) = serve("timeouts", &limits).await;
    let begin = Instant::now();
    let mut silent = Wire::to(&base).await;
    let mut slow = Wire::to(&base).await;
    let mut kept = Wire::to(&base).await;
    assert_eq!(kept.post(ROUTE, "{}").await.0, 401);
    let dripping = async {
        // Sending a byte now and then does not extend the timeout.
        for byte in b"POST / HTTP/1.1\r\nHost: localhost\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyy" {
            if slow.try_write(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        begin.elapsed()
    };
    let silence = async {
        assert!(silent.closes_within(Duration::from_secs(2)).await);
        begin.elapsed()
    };
    let (dripped, silent) = tokio::join!(dripping, silence);
    assert!(silent >= Duration::from_millis(900), "{silent:?}");
    assert!(dripped < Duration::from_millis(2500), "{dripped:?}");

    // Longer than the header timeout: the connection is kept alive and reused.
    sleep(Duration::from_secs(2).saturating_sub(begin.elapsed())).await;
    assert_eq!(kept.post(ROUTE, "{}").await.0, 401);
    // The next request head has begun, so the header timeout applies to it.
    kept.write(b"POST").await;
    let begin = Instant::now();
    assert!(kept.closes_within(Duration::from_secs(2)).await);
    assert!(begin.elapsed() >= Duration::from_millis(900));

    let mut idle = Wire::to(&base).await;
    assert_eq!(idle.post(ROUTE, "{}").await.0, 401);
    let begin = Instant::now();
    assert!(idle.closes_within(Duration::from_secs(5)).await);
    assert!(begin.elapsed() >= Duration::from_millis(2900));
}

#[tokio::test]
async fn a_connection_that_reads_nothing_is_closed() {
    let limits = format!("{KEYS}\n[server]\nidle_timeout = 1");
    let (_child, base, _file) = serve("unread", &limits).await;
    let mut wire = Wire::to(&base).await;
    let request = format!("POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    let requests = request.repeat(1000);
    let mut sent = 0;
    // The client reads nothing, so the responses fill the buffers until the server gives up.
    while let Ok(Ok(())) =
        timeout(Duration::from_secs(10), wire.try_write(requests.as_bytes())).await
    {
        sent += 1000;
    }
    sleep(Duration::from_secs(2)).await;
    let answered = timeout(Duration::from_secs(20), wire.count_of("HTTP/1.1 401")).await;
    let answered = answered.expect("the connection has ended");
    assert!(answered < sent, "{answered} of {sent}");
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_limits_is_answered() {
    // The sandbox has no settings file, so the route waits for a body instead. The body timeout is
    // ten seconds, longer than the connection timeouts.
    let limits = "open = true\n[server]\nheader_timeout = 1\nidle_timeout = 1";
    let (_child, base, _file) = serve("long", limits).await;
    let mut wire = Wire::to(&base).await;
    let head = format!(
        "POST {ROUTE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n\r\n{{"
    );
    wire.write(head.as_bytes()).await;
    sleep(Duration::from_secs(3)).await;
    wire.write(b"}").await;
    let (status, _, body) = wire.answer().await;
    assert!(
        status == 400 && body.contains("source is required"),
        "{body}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_settings_file_readable_by_others_logs_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        let file = File::new(&format!("mode-{mode:o}"), SETTINGS);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file.0, permissions).unwrap();
        let mut command = example("standalone");
        command.arg("--config").arg(&file.0);
        let (mut child, _) = start(command).await;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut line = String::new();
        while let Ok(next) = timeout(Duration::from_secs(1), lines.next_line()).await {
            line += &next.unwrap().unwrap();
        }
        let told = format!("chmod 600 {}", file.0.display());
        assert_eq!(
            line.contains(&told) && line.contains("WARN"),
            warned,
            "{line}"
        );
    }
}
