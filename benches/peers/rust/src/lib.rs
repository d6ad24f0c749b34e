//! Shared parts of the peers' servers: configuration, listening, and document types for the crates
//! that only verify and decrypt.

use axum::Router;
use axum::http::StatusCode;
use serde::Deserialize;

/// The configuration of every server, from environment variables.
#[derive(Debug)]
pub struct Config {
    pub token: String,
    pub aes_key: String,
    pub appid: String,
    pub secure: bool,
}

impl Config {
    pub fn from_env() -> Self {
        Self {
            token: variable("WECHAT_TOKEN"),
            aes_key: variable("WECHAT_AES_KEY"),
            appid: variable("WECHAT_APPID"),
            secure: variable("MODE") == "secure",
        }
    }
}

/// Serves on 127.0.0.1:`PORT` with one thread, until the process is killed.
pub fn serve(routes: Router) {
    let address = format!("127.0.0.1:{}", variable("PORT"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        axum::serve(listener, routes).await.expect("a listener");
    });
}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The query of a push.
#[derive(Debug, Deserialize)]
pub struct Query {
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
    pub msg_signature: Option<String>,
}

/// The envelope of an encrypted document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Envelope {
    pub encrypt: String,
}

impl Envelope {
    pub fn parse(document: &str) -> Result<Self, StatusCode> {
        quick_xml::de::from_str(document).map_err(|_| StatusCode::BAD_REQUEST)
    }
}

/// The message of a push, with the fields of texts and events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    pub to_user_name: String,
    pub from_user_name: String,
    pub create_time: u64,
    pub msg_type: String,
    pub msg_id: Option<u64>,
    pub content: Option<String>,
    pub event: Option<String>,
    pub event_key: Option<String>,
    pub ticket: Option<String>,
}

impl Message {
    pub fn parse(document: &str) -> Result<Self, StatusCode> {
        quick_xml::de::from_str(document).map_err(|_| StatusCode::BAD_REQUEST)
    }
}

/// Rejects a push whose signature differs from the computed one.
pub fn verify(signature: &str, expected: &str) -> Result<(), StatusCode> {
    if signature == expected {
        Ok(())
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}
