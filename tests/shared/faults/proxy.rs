//! A TCP proxy that fails in the ways of a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    Pass,
    /// Forwards nothing, and closes nothing. Connections of this time stay dead.
    Swallow,
    /// Forwards after a while, in each direction.
    Delay(Duration),
    /// Forwards the first bytes of a connection after a while.
    SlowStart(Duration),
    /// Closes all connections, and each new one.
    Close,
}

/// A proxy before a port of this machine. It runs on threads of its own.
pub struct Proxy {
    pub port: u16,
    mode: Arc<watch::Sender<Mode>>,
    /// Whether to close the connection of the next answer instead.
    loses: Arc<AtomicBool>,
    runtime: Option<Runtime>,
}

impl Proxy {
    pub fn new(to: u16) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let mode = Arc::new(watch::Sender::new(Mode::Pass));
        let loses = Arc::new(AtomicBool::new(false));
        let (modes, lost) = (Arc::clone(&mode), Arc::clone(&loses));
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, to, modes.subscribe(), Arc::clone(&lost)));
            }
        });
        Self {
            port,
            mode,
            loses,
            runtime: Some(runtime),
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Closes the connection on which the server answers next, and loses this answer.
    pub fn lose_next_answer(&self) {
        self.loses.store(true, Ordering::SeqCst);
    }

    /// Returns whether [`lose_next_answer`](Self::lose_next_answer) has not happened yet.
    pub fn has_lost_none(&self) -> bool {
        self.loses.load(Ordering::SeqCst)
    }

    /// Lets the connections die silently that are open. New ones work.
    pub async fn lose_connections(&self) {
        self.set(Mode::Swallow);
        sleep(Duration::from_millis(100)).await;
        self.set(Mode::Pass);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn connection(
    client: TcpStream,
    to: u16,
    mut modes: watch::Receiver<Mode>,
    loses: Arc<AtomicBool>,
) {
    let mode = *modes.borrow();
    if mode == Mode::Close {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let server = TcpStream::connect(("127.0.0.1", to)).await;
    let Ok(server) = server else { return };
    let (from_server, to_server) = server.into_split();
    if let Mode::SlowStart(time) = mode {
        sleep(time).await;
    }
    let there = pump(from_client, to_server, modes.clone(), || false);
    let is_lost = || loses.swap(false, Ordering::SeqCst);
    let back = pump(from_server, to_client, modes.clone(), is_lost);
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = modes.wait_for(|mode| *mode == Mode::Close) => {}
    }
}

/// Forwards one direction. Ends when it is closed, or is to lose what was read.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    modes: watch::Receiver<Mode>,
    is_lost: impl Fn() -> bool,
) {
    let mut dies = modes.clone();
    let forward = async {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if is_lost() {
                return;
            }
            let mode = *modes.borrow();
            if let Mode::Delay(time) = mode {
                sleep(time).await;
            }
            if to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    let died = async { dies.wait_for(|mode| *mode == Mode::Swallow).await.is_ok() };
    let has_died = tokio::select! {
        died = died => died,
        () = forward => false,
    };
    if has_died {
        // Keeps the connection open.
        std::future::pending::<()>().await;
    }
}

/// A port to which no connection completes: its queue is full, so the kernel drops what arrives.
pub struct Unreachable {
    pub port: u16,
    _held: Vec<TcpStream>,
    _listener: TcpListener,
}

impl Unreachable {
    pub async fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut held = Vec::new();
        let patience = Duration::from_millis(300);
        while let Ok(stream) = timeout(patience, TcpStream::connect(("127.0.0.1", port))).await {
            held.push(stream.unwrap());
            assert!(held.len() < 100, "the queue is never full");
        }
        Self {
            port,
            _held: held,
            _listener: listener,
        }
    }
}
