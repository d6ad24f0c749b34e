//! Starts `redis-server` processes.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Once};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tower_wechat::shared::redis::RedisStore;

use crate::directory::Directory;

/// A `redis-server` process on a free port, killed on drop. It saves nothing to disk.
pub struct Server {
    pub port: u16,
    process: Child,
    options: Vec<String>,
    /// For what a replica writes: the next server in the same directory would load it.
    directory: Directory,
}

impl Server {
    /// Starts a server, or prints that the test is skipped if there is no program.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a server with further options, such as `--maxmemory 5mb`.
    pub fn with(options: &[&str]) -> Option<Self> {
        Self::with_port(free_port(), options)
    }

    /// Starts a server with further options on this port.
    pub fn with_port(port: u16, options: &[&str]) -> Option<Self> {
        is_installed().then_some(())?;
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let directory = Directory::new();
        let process = spawn(port, &directory, &options);
        Some(Self {
            port,
            process,
            options,
            directory,
        })
    }

    /// Starts a cluster of one server.
    pub fn start_cluster() -> Option<Self> {
        Self::start_cluster_with(bus_port(), &[])
    }

    /// Starts a cluster of one server with further options on this port.
    pub fn start_cluster_with(port: u16, options: &[&str]) -> Option<Self> {
        let file = format!(
            "tower-wechat-nodes-{}-{}.conf",
            std::process::id(),
            free_port()
        );
        let cluster = ["--cluster-enabled", "yes", "--cluster-config-file", &file];
        let server = Self::with_port(port, &[&cluster, options].concat())?;
        server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !server
            .cli(&["CLUSTER", "INFO"])
            .contains("cluster_state:ok")
        {
            assert!(Instant::now() < deadline, "the cluster did not start");
            sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns a store on this server.
    pub fn store(&self) -> RedisStore {
        RedisStore::new(&self.url()).unwrap()
    }

    /// Kills the process. Its data is lost.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts the process again on the same port, after [`kill`](Self::kill).
    pub fn restart(&mut self) {
        self.kill();
        self.process = spawn(self.port, &self.directory, &self.options);
    }

    /// Starts the process again with these options instead.
    pub fn restart_with(&mut self, options: &[&str]) {
        self.options = options.iter().map(|&option| option.to_owned()).collect();
        self.restart();
    }

    /// Runs a command with `redis-cli` and returns its output.
    pub fn cli(&self, command: &[&str]) -> String {
        cli(self.port, command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program. `REDIS_SERVER` names another one, such as an older version or Valkey.
pub static PROGRAM: LazyLock<String> =
    LazyLock::new(|| std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned()));

/// What the program prints as its version, or `None` if it is missing.
static VERSION: LazyLock<Option<String>> = LazyLock::new(|| {
    let output = Command::new(&*PROGRAM).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
});

/// Returns whether the program is installed, or prints that the test is skipped.
pub fn is_installed() -> bool {
    if VERSION.is_none() {
        static SKIPPED: Once = Once::new();
        SKIPPED.call_once(|| eprintln!("SKIPPED: redis-server is missing"));
    }
    VERSION.is_some()
}

/// Returns whether the program is Redis 6, without the options that came later.
pub fn is_redis_6() -> bool {
    VERSION
        .as_ref()
        .is_some_and(|version| version.contains("v=6."))
}

/// Runs a command with `redis-cli` and returns its output.
pub fn cli(port: u16, command: &[&str]) -> String {
    let port = port.to_string();
    let output = Command::new("redis-cli")
        .args(["-p", &port])
        .args(command)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// Returns a directory for the files of a server.
pub fn directory(test: &str) -> PathBuf {
    let name = format!("tower-wechat-{}-{test}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Returns a free port of a node of a cluster, whose bus has a free port, too.
pub fn bus_port() -> u16 {
    loop {
        let port = free_port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, directory: &Directory, options: &[String]) -> Child {
    let mut command = Command::new(&*PROGRAM);
    command
        .args(["--port", &port.to_string()])
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--dir", directory.text()]);
    if !is_redis_6() {
        command.args(["--enable-debug-command", "local"]);
    }
    let process = command.args(options).stdout(Stdio::null()).spawn().unwrap();
    until_listening(port);
    process
}

/// Waits until something listens on the port.
pub fn until_listening(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "redis-server did not start");
        sleep(Duration::from_millis(10));
    }
}
