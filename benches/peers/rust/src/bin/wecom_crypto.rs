//! A callback server with wecom-crypto, quick-xml and axum.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::routing::post;
use tower_wechat_peers::{Config, Envelope, Message, Query, serve, verify};
use wecom_crypto::Agent;

struct Server {
    agent: Agent,
    config: Config,
}

async fn push(
    State(server): State<Arc<Server>>,
    extract::Query(query): extract::Query<Query>,
    document: String,
) -> Result<&'static str, StatusCode> {
    let Server { agent, config } = &*server;
    if config.secure {
        let Envelope { encrypt } = Envelope::parse(&document)?;
        let expected = agent.generate_signature(&[&query.timestamp, &query.nonce, &encrypt]);
        verify(
            query.msg_signature.as_deref().unwrap_or_default(),
            &expected,
        )?;
        let source = agent
            .decrypt(&encrypt)
            .map_err(|_| StatusCode::BAD_REQUEST)?;
        if source.receive_id != config.appid {
            return Err(StatusCode::FORBIDDEN);
        }
        black_box(Message::parse(&source.text)?);
    } else {
        let expected = agent.generate_signature(&[&query.timestamp, &query.nonce]);
        verify(&query.signature, &expected)?;
        black_box(Message::parse(&document)?);
    }
    Ok("success")
}

fn main() {
    let config = Config::from_env();
    let agent = Agent::new(&config.token, &config.aes_key);
    let server = Arc::new(Server { agent, config });
    serve(Router::new().route("/wxmsg", post(push)).with_state(server));
}
