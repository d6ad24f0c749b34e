//! Opens connections.

use redis::aio::{ConnectionLike, MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, RedisError,
    RedisFuture, RedisResult, TlsMode, Value,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::settings::{Servers, Settings};

/// The connection that all commands of a store share.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// How often the client of a cluster sends a command again, and the pauses in milliseconds: while a
/// slot moves, or to find the node that has it. All of them fit in a command's default time limit.
const RETRIES: u32 = 8;
const RETRY_MIN: u64 = 10;
const RETRY_MAX: u64 = 30;

impl Settings {
    /// Opens a connection for commands. The caller bounds the time.
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        self.choose_crypto_provider();
        if let Servers::Cluster(servers) = &self.servers {
            let connection = self.cluster(servers)?.get_async_connection().await?;
            return Ok(Connection::Cluster(connection));
        }
        let client = self.client().await?;
        // The client's own timeouts are off: with both, the one of the connection would end a
        // command whose deadline was set to be later.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let connection = client.get_multiplexed_async_connection_with_config(&config);
        Ok(Connection::Single(connection.await?))
    }

    /// Opens a connection for subscriptions. In a cluster any node delivers what was published on
    /// another, so the first one that can be reached is taken.
    pub(super) async fn subscribe(&self) -> RedisResult<PubSub> {
        self.choose_crypto_provider();
        let Servers::Cluster(servers) = &self.servers else {
            return self.client().await?.get_async_pubsub().await;
        };
        let mut last = RedisError::from((ErrorKind::Io, "no node of the cluster can be reached"));
        for server in servers {
            let opened = async { self.open(server)?.get_async_pubsub().await };
            match timeout(self.connect_timeout, opened).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }

    async fn client(&self) -> RedisResult<Client> {
        match &self.servers {
            Servers::Single(server) => self.open(server),
            Servers::Sentinel { master, sentinels } => self.master(master, sentinels).await,
            Servers::Cluster(servers) => match servers.first() {
                Some(server) => self.open(server),
                None => Err((ErrorKind::InvalidClientConfig, "no server is configured").into()),
            },
        }
    }

    fn open(&self, server: &ConnectionInfo) -> RedisResult<Client> {
        let login = self.login(server.redis_settings());
        let server = server
            .clone()
            .set_redis_settings(login)
            .set_tcp_settings(tcp());
        match self.certificates() {
            None => Client::open(server),
            Some(certificates) => Client::build_with_tls(server, certificates),
        }
    }

    /// Asks all sentinels at once for the master, and takes the first answer. The client's own search
    /// takes the answers in order, and so waits for a sentinel whose machine is gone, perhaps
    /// together with the master, for as long as the attempt may take.
    async fn master(&self, name: &str, sentinels: &[ConnectionInfo]) -> RedisResult<Client> {
        let mut answers = JoinSet::new();
        for sentinel in sentinels {
            let mut client = self.sentinel(name, sentinel)?;
            answers.spawn(async move { client.async_get_client().await });
        }
        let mut last = RedisError::from((ErrorKind::Io, "no sentinel answered"));
        while let Some(answer) = answers.join_next().await {
            match answer {
                Ok(Ok(master)) => return Ok(master),
                Ok(Err(error)) => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }

    /// The address of a sentinel has the sentinels' own user and password.
    fn sentinel(&self, master: &str, sentinel: &ConnectionInfo) -> RedisResult<SentinelClient> {
        let (address, own) = (sentinel.addr().clone(), sentinel.redis_settings());
        let mut builder =
            SentinelClientBuilder::new([address], master, SentinelServerType::Master)?
                .set_client_to_redis_db(own.db())
                .set_client_to_redis_tcp_settings(tcp());
        if let Some(username) = own.username() {
            builder = builder.set_client_to_sentinel_username(username);
        }
        if let Some(password) = own.password() {
            builder = builder.set_client_to_sentinel_password(password);
        }
        if let Some(username) = &self.username {
            builder = builder.set_client_to_redis_username(username);
        }
        if let Some(password) = &self.password {
            builder = builder.set_client_to_redis_password(password.expose());
        }
        if self.uses_tls() {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        if let Some(certificates) = self.certificates() {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates);
        }
        builder.build()
    }

    fn cluster(&self, servers: &[ConnectionInfo]) -> RedisResult<ClusterClient> {
        let mut builder = ClusterClient::builder(servers.to_vec())
            .connection_timeout(self.connect_timeout)
            .response_timeout(self.command_timeout)
            .overall_response_timeout(None)
            .retries(RETRIES)
            .min_retry_wait(RETRY_MIN)
            .max_retry_wait(RETRY_MAX)
            .tcp_settings(tcp());
        if let Some(username) = &self.username {
            builder = builder.username(username);
        }
        if let Some(password) = &self.password {
            builder = builder.password(password.expose());
        }
        if let Some(certificates) = self.certificates() {
            builder = builder.certs(certificates);
        }
        builder.build()
    }

    /// Chooses the crypto provider of rustls for this process, unless the application has. The Redis
    /// client takes the process's default, and rustls panics when two providers are linked and none
    /// is chosen.
    fn choose_crypto_provider(&self) {
        if self.uses_tls() && CryptoProvider::get_default().is_none() {
            // An error means that another thread has chosen one since.
            drop(aws_lc_rs::default_provider().install_default());
        }
    }
}

/// Commands are small and wait for each other's answers: none waits to fill a segment.
fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}
