//! Starts `redis-server` processes.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tower_wechat::shared::redis::RedisStore;

/// A `redis-server` process on a free port, killed on drop. It saves nothing to disk.
pub struct Server {
    pub port: u16,
    process: Child,
    options: Vec<String>,
}

impl Server {
    /// Starts a server, or prints that the test is skipped if there is no program.
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// Starts a server with further options, such as `--maxmemory 5mb`.
    pub fn with(options: &[&str]) -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            static SKIPPED: Once = Once::new();
            SKIPPED.call_once(|| eprintln!("SKIPPED: redis-server is missing"));
            return None;
        }
        let options: Vec<_> = options.iter().map(|&option| option.to_owned()).collect();
        let port = free_port();
        let process = spawn(port, &options);
        Some(Self {
            port,
            process,
            options,
        })
    }

    /// Starts a cluster of one server.
    pub fn start_cluster() -> Option<Self> {
        let file = format!("tower-wechat-nodes-{}-{}.conf", std::process::id(), free_port());
        let options = ["--cluster-enabled", "yes", "--cluster-config-file", &file];
        let server = Self::with(&options)?;
        server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
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
        self.process = spawn(self.port, &self.options);
    }

    /// Runs a command with `redis-cli` and returns its output.
    pub fn cli(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(command)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
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

fn spawn(port: u16, options: &[String]) -> Child {
    let process = Command::new("redis-server")
        .args(["--port", &port.to_string()])
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--enable-debug-command", "local", "--dir", "/tmp"])
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "redis-server did not start");
        sleep(Duration::from_millis(10));
    }
    process
}
