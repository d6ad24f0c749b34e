//! A load balancer without sticky sessions.

use std::sync::{Arc, Mutex, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Passes each request to the next instance.
#[derive(Clone)]
pub struct RoundRobin {
    pub base: String,
    instances: Arc<OnceLock<Vec<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RoundRobin {
    /// Listens on a free port. Requests are only accepted once there are instances.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            instances: Arc::default(),
            requests: Arc::default(),
        };
        let serves = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = serves.clone();
                tokio::spawn(async move { proxy.pass_on(stream).await });
            }
        });
        proxy
    }

    /// Sets the addresses of the instances.
    pub fn to(&self, instances: &[&str]) {
        let address = |base: &&str| base.strip_prefix("http://").unwrap().to_owned();
        let instances = instances.iter().map(address).collect();
        self.instances.set(instances).unwrap();
    }

    /// Returns the index of the instance that got each request so far whose path has this prefix.
    pub fn who_got(&self, prefix: &str) -> Vec<usize> {
        let count = self.instances.get().unwrap().len();
        let requests = self.requests.lock().unwrap();
        let requests = requests.iter().enumerate();
        requests
            .filter(|(_, path)| path.starts_with(prefix))
            .map(|(number, _)| number % count)
            .collect()
    }

    /// Returns the target of the last request so far whose path has this prefix.
    pub fn last(&self, prefix: &str) -> Option<String> {
        let requests = self.requests.lock().unwrap();
        let mut requests = requests.iter().rev();
        requests.find(|path| path.starts_with(prefix)).cloned()
    }

    /// Passes one request on. Its connection is closed, so that the next one has another.
    async fn pass_on(&self, mut client: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        let end = loop {
            client
                .read_buf(&mut head)
                .await
                .ok()
                .filter(|read| *read > 0)?;
            if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
        };
        let body = head.split_off(end);
        let head = String::from_utf8(head).ok()?;
        let path = head.split(' ').nth(1)?;
        if path == "/favicon.ico" {
            return None;
        }
        let instance = {
            let instances = self.instances.get()?;
            let mut requests = self.requests.lock().unwrap();
            requests.push(path.to_owned());
            &instances[(requests.len() - 1) % instances.len()]
        };
        let is_kept = |line: &&str| !line.to_lowercase().starts_with("connection:");
        let lines: Vec<_> = head.lines().filter(is_kept).collect();
        let head = format!("{}\r\nConnection: close", lines.join("\r\n"));
        let mut server = TcpStream::connect(instance).await.ok()?;
        server.write_all(head.as_bytes()).await.ok()?;
        server.write_all(&body).await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok()?;
        Some(())
    }
}
