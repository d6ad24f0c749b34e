//! The rounds, in which every server takes its turn.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use tower_wechat::BoxError;
use tower_wechat::callback::Mode;

use super::client::{self, Client, Expected};
use super::machine::Cpus;
use super::process::Group;
use super::pushes::{self, Author, Pushes};
use super::spread::Spread;
use super::{Load, server};

/// How long a peer may take to start listening.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under load.
pub(crate) struct Target {
    pub(crate) name: String,
    /// The built-in server, unless this is a peer.
    pub(crate) own: Option<server::Name>,
    mode: Mode,
    path: String,
    pub(crate) port: u16,
    group: Group,
    /// The memory before and after the load, in bytes.
    pub(crate) idle: u64,
    pub(crate) loaded: u64,
}

impl Target {
    pub(crate) fn own(
        name: server::Name,
        redis: Option<&str>,
        cpus: Cpus,
    ) -> Result<Self, BoxError> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["serve", name.as_str()])
            .args(redis.iter().flat_map(|url| ["--redis", url]))
            .stdout(Stdio::piped());
        let mut group = Group::start(command, cpus)?;
        let port = group.line()?;
        let port = port
            .parse()
            .map_err(|_| format!("{}: did not start", name.as_str()))?;
        let path = server::WXMSG.to_owned();
        let (own, name, mode) = (Some(name), name.as_str().to_owned(), name.mode());
        Self::new((own, name, mode), (port, path), group)
    }

    pub(crate) async fn peer(
        name: &str,
        command: &str,
        mode: Mode,
        cpus: Cpus,
    ) -> Result<Self, BoxError> {
        let word = match mode {
            Mode::Secure => "secure",
            _ => "plaintext",
        };
        let name = format!("{name} ({word})");
        // A peer can't report its port, so it gets a free one. The listener is dropped at the end
        // of the statement, which frees the port.
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .env("PORT", port.to_string())
            .env("MODE", word)
            .env("WECHAT_TOKEN", pushes::TOKEN)
            .env("WECHAT_AES_KEY", pushes::AES_KEY)
            .env("WECHAT_APPID", pushes::APPID)
            .stdout(Stdio::null());
        let mut group = Group::start(shell, cpus)?;
        let end = Instant::now() + PATIENCE;
        while client::connect(port).await.is_err() {
            if group.has_ended()? {
                return Err(format!("{name}: exited before it listened on port {port}").into());
            }
            if Instant::now() > end {
                return Err(format!("{name}: does not listen on 127.0.0.1:{port}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self::new((None, name, mode), (port, "/wxmsg".to_owned()), group)
    }

    fn new(
        (own, name, mode): (Option<server::Name>, String, Mode),
        (port, path): (u16, String),
        group: Group,
    ) -> Result<Self, BoxError> {
        Ok(Self {
            idle: group.resident()?,
            loaded: 0,
            name,
            own,
            mode,
            path,
            port,
            group,
        })
    }

    pub(crate) fn pushes(&self, author: &mut Author, count: usize) -> Result<Pushes, BoxError> {
        author.write(self.mode, &self.path, count)
    }

    pub(crate) fn resident(&self) -> Result<u64, BoxError> {
        self.group.resident()
    }

    pub(crate) fn expected(&self) -> Expected {
        Expected {
            body: self.own.map(|_| server::SUCCESS),
        }
    }

    /// Sends this many new pushes.
    pub(crate) async fn load(
        &self,
        author: &mut Author,
        load: &Load,
        (requests, at_most): (usize, Duration),
    ) -> Result<Round, BoxError> {
        let failed = |error: BoxError| BoxError::from(format!("{}: {error}", self.name));
        let pushes = self.pushes(author, requests)?;
        let client = Client::connect(self.port, load.connections.get(), self.expected());
        let client = client.await.map_err(failed)?;
        let cpu = self.group.cpu()?;
        let answers = client.send(pushes, at_most).await.map_err(failed)?;
        let cpu = self.group.cpu()?.saturating_sub(cpu);
        let done = answers.latencies.len();
        if answers.wrong > 0 {
            let said = answers.complaint.unwrap_or_default();
            let wrong = format!(
                "{} of {done} responses were wrong, for example {said}",
                answers.wrong
            );
            return Err(failed(wrong.into()));
        }
        let latencies = answers.latencies.iter().map(Duration::as_secs_f64);
        let latencies = Spread::of(latencies);
        Ok(Round {
            throughput: done as f64 / answers.elapsed.as_secs_f64(),
            cpu: cpu.as_secs_f64() / done as f64,
            p50: latencies.median(),
            p99: latencies.quantile(0.99),
            busy: 1.0 - answers.idle.as_secs_f64() / answers.elapsed.as_secs_f64(),
        })
    }
}

/// The measurements of one server in one round. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// Requests per second.
    pub(crate) throughput: f64,
    /// CPU time per request.
    pub(crate) cpu: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The share of time that the load was busy.
    pub(crate) busy: f64,
}

/// Runs all rounds and returns them for each server.
pub(crate) async fn run(load: &Load, targets: &mut [Target]) -> Result<Vec<Vec<Round>>, BoxError> {
    let mut author = Author::new()?;
    let mut rounds = vec![Vec::new(); targets.len()];
    let amount = (load.requests.get(), load.at_most);
    for round in 0..=load.rounds.get() {
        for turn in 0..targets.len() {
            // Rotated: the first server of one round is the last of the next.
            let index = (round + turn) % targets.len();
            let Some((target, rounds)) = targets.get(index).zip(rounds.get_mut(index)) else {
                continue;
            };
            let measured = target.load(&mut author, load, amount).await?;
            // The first round only warms up.
            if round > 0 {
                rounds.push(measured);
            }
        }
    }
    for target in targets {
        if target.own.is_some_and(server::Name::remembers) && load.remembered > 0 {
            let amount = (load.remembered, PATIENCE);
            target.load(&mut author, load, amount).await?;
        }
        target.loaded = target.resident()?;
    }
    Ok(rounds)
}
