//! Where the servers are, and how to connect to them.

use std::time::Duration;

use redis::{ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, TlsCertificates};

use crate::error::Error;
use crate::seal::Seal;

/// The default time to connect.
const CONNECT: Duration = Duration::from_secs(1);

/// The default time for a command.
const COMMAND: Duration = Duration::from_millis(300);

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) servers: Servers,
    pub(super) username: Option<String>,
    pub(super) password: Option<crate::Secret>,
    /// A PEM certificate of the authority that signed the servers' certificates.
    pub(super) root_certificate: Option<Vec<u8>>,
    pub(super) prefix: String,
    pub(super) seal: Seal,
    pub(super) connect_timeout: Duration,
    pub(super) command_timeout: Duration,
}

#[derive(Clone)]
pub(super) enum Servers {
    Single(Box<ConnectionInfo>),
    Sentinel {
        master: String,
        sentinels: Vec<ConnectionInfo>,
    },
    Cluster(Vec<ConnectionInfo>),
}

impl Settings {
    pub(super) fn new(servers: Servers) -> Self {
        Self {
            servers,
            username: None,
            password: None,
            root_certificate: None,
            prefix: "wechat".to_owned(),
            seal: Seal::default(),
            connect_timeout: CONNECT,
            command_timeout: COMMAND,
        }
    }

    /// Returns the time limit for connecting. A cluster has one limit for each step: to reach one of
    /// the given nodes, to ask it for the others, and to reach those. Nodes that are gone use it up.
    pub(super) fn connect_limit(&self) -> Duration {
        match &self.servers {
            Servers::Single(_) | Servers::Sentinel { .. } => self.connect_timeout,
            Servers::Cluster(_) => self.connect_timeout * 3,
        }
    }

    /// Returns the certificates, if a root certificate is set.
    pub(super) fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.root_certificate.clone()?;
        Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        })
    }

    /// Sets the user and the password of the data servers, unless `given` has its own.
    pub(super) fn login(&self, given: &RedisConnectionInfo) -> RedisConnectionInfo {
        let mut login = given.clone();
        if let Some(username) = &self.username {
            login = login.set_username(username);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password.expose());
        }
        login
    }

    pub(super) fn uses_tls(&self) -> bool {
        let is_tls =
            |server: &ConnectionInfo| matches!(server.addr(), redis::ConnectionAddr::TcpTls { .. });
        match &self.servers {
            Servers::Single(server) => is_tls(server),
            Servers::Sentinel {
                sentinels: servers, ..
            }
            | Servers::Cluster(servers) => servers.iter().any(is_tls),
        }
    }
}

/// Parses the address of a server.
pub(super) fn server(url: &str) -> Result<ConnectionInfo, Error> {
    // The error of the parser may quote the password of the address.
    url.into_connection_info().map_err(|_| {
        let message = "must be an address such as redis://127.0.0.1:6379 or rediss://user:password@host:6380/0";
        Error::input("url", message)
    })
}

pub(super) fn servers<U: AsRef<str>>(
    urls: impl IntoIterator<Item = U>,
) -> Result<Vec<ConnectionInfo>, Error> {
    let servers: Vec<_> = urls
        .into_iter()
        .map(|url| server(url.as_ref()))
        .collect::<Result<_, _>>()?;
    match servers.is_empty() {
        true => Err(Error::input("urls", "must have at least one address")),
        false => Ok(servers),
    }
}
