//! TLS.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tower_wechat::shared::redis::RedisStore;

use super::bed::Bed;
use super::log::Change;
use crate::directory::Directory;
use crate::server::{PROGRAM, free_port, is_installed, until_listening};

/// A server that speaks TLS only, with a certificate of an authority of its own.
struct TlsServer {
    process: Child,
    port: u16,
    /// The certificate of the authority, in PEM.
    root: String,
    _directory: Directory,
}

impl TlsServer {
    fn start() -> Option<Self> {
        is_installed().then_some(())?;
        let directory = Directory::new();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let root = pem("CERTIFICATE", authority.der());
        let port = free_port();
        let process = Command::new(&*PROGRAM)
            .args(["--port", "0", "--tls-port", &port.to_string()])
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                directory.text(),
            ])
            .args([
                "--tls-cert-file",
                &directory.write("cert.pem", &pem("CERTIFICATE", certificate.der())),
            ])
            .args([
                "--tls-key-file",
                &directory.write("key.pem", &pem("PRIVATE KEY", &key.serialize_der())),
            ])
            .args(["--tls-ca-cert-file", &directory.write("ca.pem", &root)])
            .args(["--tls-auth-clients", "no"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        until_listening(port);
        Some(Self {
            process,
            port,
            root,
            _directory: directory,
        })
    }

    fn store(&self, host: &str) -> RedisStore {
        RedisStore::new(&format!("rediss://{host}:{}", self.port)).unwrap()
    }
}

fn pem(kind: &str, der: &[u8]) -> String {
    let lines = STANDARD.encode(der);
    format!("-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n")
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_connection_over_tls_trusts_the_given_authority() {
    let Some(server) = TlsServer::start() else {
        return;
    };
    for host in ["127.0.0.1", "localhost"] {
        let bed = Bed::new(
            server
                .store(host)
                .prefix(host)
                .root_certificate(&*server.root),
        );
        // Without optimization, the handshake may take longer than a deadline.
        bed.recovers().await;
        bed.call().await;
        assert!(bed.asks().await);
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let Some(server) = TlsServer::start() else {
        return;
    };
    let bed = Bed::new(server.store("127.0.0.1"));
    bed.calls_for(Duration::from_secs(1)).await.waited_once();
    bed.changed(&[Change::Down]);
    let text = bed.log.text();
    assert!(text.contains("certificate"), "{text}");
}

#[tokio::test]
async fn plain_text_is_not_spoken_to_an_address_without_tls_but_with_an_authority() {
    let Some(server) = TlsServer::start() else {
        return;
    };
    let plain = RedisStore::new(&format!("redis://127.0.0.1:{}", server.port)).unwrap();
    let bed = Bed::new(plain.root_certificate(&*server.root));
    bed.calls_for(Duration::from_secs(1)).await.waited_once();
    bed.changed(&[Change::Down]);
    assert!(bed.log.text().contains("rediss://"), "{}", bed.log.text());
}
