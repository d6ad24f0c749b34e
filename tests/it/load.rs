//! The load-test example with a small load.
#![cfg(target_os = "linux")]

#[path = "../../examples/load/linux/answer.rs"]
mod answer;
#[path = "../../examples/load/linux/spread.rs"]
mod spread;

use std::process::Output;
use std::time::Duration;

use tokio::time::timeout;

use self::answer::Answer;
use self::spread::Spread;
use crate::examples::example;

const PATIENCE: Duration = Duration::from_secs(120);

async fn load(arguments: &[&str]) -> Output {
    let mut command = example("load");
    command.args(["--requests", "200", "--remembered", "300", "--no-pin"]);
    timeout(PATIENCE, command.args(arguments).output())
        .await
        .expect("it ends")
        .unwrap()
}

/// A command that runs one of the example's servers as a peer on the given port.
fn peer(name: &str, server: &str) -> String {
    let program = example("load");
    let program = program.as_std().get_program().to_str().unwrap();
    format!("--peer={name}=exec '{program}' serve {server} --port $PORT")
}

#[tokio::test]
async fn every_server_has_a_row() {
    let peer = peer("other", "hyper");
    let output = load(&["--rounds", "2", "--idle-connections", "20", &peer]).await;
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut rows = said.lines().filter(|line| line.starts_with("| ")).skip(2);
    for name in [
        "hyper",
        "axum",
        "plaintext",
        "secure",
        "routes",
        "other (plaintext)",
        "other (secure)",
    ] {
        let cells: Vec<_> = rows.next().unwrap().split('|').map(str::trim).collect();
        assert_eq!(cells[1], name, "{said}");
        for cell in &cells[2..10] {
            let number: f64 = cell.split(' ').next().unwrap().parse().unwrap();
            assert!(number > 0.0 && number.is_finite(), "{said}");
        }
        if name == "axum" {
            let same = "1.000 (1.000 to 1.000)";
            assert_eq!((cells[2], cells[3]), (same, same), "{said}");
        }
    }
    assert_eq!(rows.next(), None, "{said}");
    assert!(said.contains(" with 20 idle connections: "), "{said}");
}

#[tokio::test]
async fn a_wrong_answer_ends_the_run() {
    // The named server is not mounted at the peers' path, so it responds with 404.
    let peer = peer("lost", "axum");
    let output = load(&["--rounds", "2", "--mode", "plaintext", &peer]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let complaint =
        "load: lost (plaintext): 200 of 200 responses were wrong, for example status 404";
    assert_eq!(said.trim_end(), complaint);
}

#[tokio::test]
async fn a_peer_that_does_not_start_ends_the_run() {
    let output = load(&["--peer", "none=exit 3"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    let complaint = "load: none (plaintext): exited before it listened on port ";
    assert!(said.starts_with(complaint), "{said}");
}

#[test]
fn an_answer_is_parsed_once_it_is_whole() {
    for whole in [
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess",
        "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nsuccess\r\n0\r\n\r\n",
    ] {
        for end in 0..whole.len() {
            let part = Answer::parse(&whole.as_bytes()[..end]).unwrap();
            assert_eq!(part, None, "{}", &whole[..end]);
        }
        let answer = Answer::parse(whole.as_bytes()).unwrap().unwrap();
        assert_eq!(answer.status.to_string(), whole[9..12]);
    }
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess";
    assert_eq!(Answer::parse(whole).unwrap().unwrap().body, b"success");
    let endless = Answer::parse(b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(endless.unwrap_err().to_string(), "a response has no length");
}

#[test]
fn a_quantile_lies_between_its_neighbours() {
    let spread = Spread::of([4.0, 1.0, 3.0, 2.0]);
    let quantiles = [0.0, 0.1, 1.0].map(|share| spread.quantile(share));
    assert_eq!((quantiles, spread.median()), ([1.0, 1.3, 4.0], 2.5));
}
