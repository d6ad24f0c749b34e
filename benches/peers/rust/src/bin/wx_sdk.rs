//! A callback server with wx-sdk and axum.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use tower_wechat_peers::{Config, serve};
use wx_sdk::error::SdkError;
use wx_sdk::mp::event::signature::Signature;
use wx_sdk::mp::{EncodingMode, MpSdk, ServerConfig};
use wx_sdk::{TokenClient, WxSdk};

struct Server {
    sdk: MpSdk<TokenClient>,
    config: Config,
}

async fn push(
    State(server): State<Arc<Server>>,
    Query(query): Query<HashMap<String, String>>,
    document: String,
) -> Result<&'static str, StatusCode> {
    if !server.config.secure {
        // The crate only checks the signature of encrypted pushes.
        let get = |name| query.get(name).cloned().ok_or(StatusCode::BAD_REQUEST);
        let signed = vec![
            server.config.token.clone(),
            get("timestamp")?,
            get("nonce")?,
        ];
        if !Signature::new(get("signature")?, signed).is_ok() {
            return Err(StatusCode::FORBIDDEN);
        }
    }
    match server.sdk.parse_received_msg(document, Some(query)) {
        Ok(event) => {
            black_box(event);
            Ok("success")
        }
        Err(SdkError::InvalidSignature | SdkError::InvalidAppid) => Err(StatusCode::FORBIDDEN),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

fn main() {
    let config = Config::from_env();
    let mode = if config.secure {
        EncodingMode::Security(config.aes_key.clone())
    } else {
        EncodingMode::Plain
    };
    let sdk = WxSdk::new_with_default_token_client(&config.appid, &String::new())
        .mp(ServerConfig::new(&config.token, mode));
    let server = Arc::new(Server { sdk, config });
    serve(Router::new().route("/wxmsg", post(push)).with_state(server));
}
