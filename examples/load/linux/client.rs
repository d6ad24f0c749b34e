//! The load client: connections that send one request at a time.
//!
//! The client never sleeps. Waking it would add to the server's CPU time, which is costly on a
//! virtual machine, and a slower server would have to do it more often.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower_wechat::BoxError;

use super::answer::Answer;
use super::pushes::Pushes;

/// The buffer size, which is longer than any response.
pub(crate) const BUFFER: usize = 16 * 1024;

/// The expected response to a valid push.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The expected body; `None` accepts any.
    pub(crate) body: Option<&'static str>,
}

impl Expected {
    /// Returns what is wrong with a response, if anything.
    fn refuse(self, answer: &Answer<'_>) -> Option<String> {
        if answer.status != 200 {
            return Some(format!("status {}", answer.status));
        }
        let body = self.body?.as_bytes();
        (answer.body != body).then(|| format!("{:?}", String::from_utf8_lossy(answer.body)))
    }
}

/// The outcome of a batch of pushes.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) elapsed: Duration,
    /// How much of `elapsed` the load spent waiting.
    pub(crate) idle: Duration,
    pub(crate) latencies: Vec<Duration>,
    pub(crate) wrong: usize,
    /// What was wrong with one of the wrong responses.
    pub(crate) complaint: Option<String>,
}

/// Connections to one server.
pub(crate) struct Client {
    streams: Vec<TcpStream>,
    expected: Expected,
}

pub(crate) async fn connect(port: u16) -> Result<TcpStream, BoxError> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Client {
    pub(crate) async fn connect(
        port: u16,
        connections: usize,
        expected: Expected,
    ) -> Result<Self, BoxError> {
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            streams.push(connect(port).await?);
        }
        Ok(Self { streams, expected })
    }

    /// Sends every push once, until `at_most` has passed.
    pub(crate) async fn send(self, pushes: Pushes, at_most: Duration) -> Result<Answers, BoxError> {
        let connections = self.streams.len();
        let queue = Arc::new(Queue {
            // Doubled, since a faster connection sends more than its share.
            share: pushes.len() / connections.max(1) * 2,
            pushes,
            next: AtomicUsize::new(0),
            done: AtomicBool::new(false),
        });
        let started = Instant::now();
        let waiting = tokio::spawn(queue.clone().wait_awake());
        let mut senders = JoinSet::new();
        for stream in self.streams {
            let end = started + at_most;
            senders.spawn(queue.clone().drain(stream, end, self.expected));
        }
        let mut answers = Answers::default();
        let mut parts = Vec::with_capacity(connections);
        while let Some(part) = senders.join_next().await {
            parts.push(part);
        }
        answers.elapsed = started.elapsed();
        queue.done.store(true, Ordering::Relaxed);
        answers.idle = waiting.await?;
        for part in parts {
            let part = part??;
            answers.latencies.extend(part.latencies);
            answers.wrong += part.wrong;
            answers.complaint = answers.complaint.or(part.complaint);
        }
        Ok(answers)
    }
}

/// The pushes, which all connections take from.
struct Queue {
    pushes: Pushes,
    next: AtomicUsize,
    share: usize,
    done: AtomicBool,
}

impl Queue {
    /// Keeps the thread awake, and returns how long it would have slept.
    async fn wait_awake(self: Arc<Self>) -> Duration {
        let (mut idle, mut taken, mut before) = (Duration::ZERO, 0, Instant::now());
        while !self.done.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
            let (next, now) = (self.next.load(Ordering::Relaxed), Instant::now());
            // No push was taken since the last turn, so all connections are waiting.
            if next == taken {
                idle += now - before;
            }
            (taken, before) = (next, now);
        }
        idle
    }

    async fn drain(
        self: Arc<Self>,
        mut stream: TcpStream,
        end: Instant,
        expected: Expected,
    ) -> Result<Answers, BoxError> {
        let mut buffer = vec![0; BUFFER];
        let mut answers = Answers {
            latencies: Vec::with_capacity(self.share),
            ..Answers::default()
        };
        let mut sent = Instant::now();
        while sent < end {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(push) = self.pushes.get(next) else {
                break;
            };
            let complaint = exchange(&mut stream, &mut buffer, push, expected).await?;
            let answered = Instant::now();
            answers.latencies.push(answered - sent);
            if complaint.is_some() {
                answers.wrong += 1;
                answers.complaint = complaint;
            }
            sent = answered;
        }
        Ok(answers)
    }
}

/// Sends a push and returns what is wrong with the response, if anything.
pub(crate) async fn exchange(
    stream: &mut TcpStream,
    buffer: &mut [u8],
    push: &[u8],
    expected: Expected,
) -> Result<Option<String>, BoxError> {
    stream.write_all(push).await?;
    let mut filled = 0;
    loop {
        let read = stream.read(buffer.get_mut(filled..).unwrap_or_default());
        match read.await? {
            0 if filled == buffer.len() => return Err("a response is too long".into()),
            0 => return Err("the server closed a connection before the response".into()),
            read => filled += read,
        }
        if let Some(answer) = Answer::parse(buffer.get(..filled).unwrap_or_default())? {
            return Ok(expected.refuse(&answer));
        }
    }
}
