//! A callback server with wechat-crypto, quick-xml and axum.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tower_wechat_peers::{Config, Envelope, Message, Query, serve, verify};
use wechat_crypto::{calc_signature, decode_aes_key, decrypt, parse_plain_text};

struct Server {
    aes_key: Vec<u8>,
    config: Config,
}

async fn push(
    State(server): State<Arc<Server>>,
    extract::Query(query): extract::Query<Query>,
    document: String,
) -> Result<&'static str, StatusCode> {
    let Server { aes_key, config } = &*server;
    let sign = |data| calc_signature(&config.token, &query.timestamp, &query.nonce, data);
    if config.secure {
        let bad = |_| StatusCode::BAD_REQUEST;
        let Envelope { encrypt } = Envelope::parse(&document)?;
        let signature = query.msg_signature.as_deref().unwrap_or_default();
        verify(signature, &sign(&encrypt))?;
        let sealed = STANDARD
            .decode(&encrypt)
            .map_err(|_| StatusCode::BAD_REQUEST)?;
        let (text, appid) = decrypt(aes_key, &sealed)
            .and_then(|plain| parse_plain_text(&plain))
            .map_err(bad)?;
        if appid != config.appid {
            return Err(StatusCode::FORBIDDEN);
        }
        black_box(Message::parse(&text)?);
    } else {
        // The crate only signs with data. Empty data doesn't change the signature.
        verify(&query.signature, &sign(""))?;
        black_box(Message::parse(&document)?);
    }
    Ok("success")
}

fn main() {
    let config = Config::from_env();
    let aes_key = decode_aes_key(&config.aes_key).expect("the AES key");
    let server = Arc::new(Server { aes_key, config });
    serve(Router::new().route("/wxmsg", post(push)).with_state(server));
}
