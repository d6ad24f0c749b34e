//! A call of the platform that the crate does not ship, in a dozen lines of one's own.
//!
//! Run with `cargo run --example own_call`. The sandbox does not know the call either, so it is told
//! what to answer.

use serde::{Deserialize, Serialize};
use tower_wechat::api::Endpoint;
use tower_wechat::sandbox::Sandbox;

/// 创建标签: makes a tag for followers.
#[derive(Serialize)]
struct CreateTag {
    tag: NewTag,
}

#[derive(Serialize)]
struct NewTag {
    name: String,
}

#[derive(Deserialize)]
struct Created {
    tag: Tag,
}

#[derive(Deserialize)]
struct Tag {
    id: u32,
    name: String,
}

impl Endpoint for CreateTag {
    type Response = Created;
    const PATH: &'static str = "/cgi-bin/tags/create";
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::new();
    let answer = r#"{"tag":{"id":134,"name":"广东"}}"#;
    sandbox.answer_next(CreateTag::PATH, http::Response::new(answer.into()));

    // The token, the retries and the refusals are the client's business.
    let app = sandbox.wechat().app(Sandbox::APPID)?;
    let name = "广东".to_owned();
    let Created { tag } = app
        .call(CreateTag {
            tag: NewTag { name },
        })
        .await?;
    println!("tag {} is called {}", tag.id, tag.name);
    Ok(())
}
