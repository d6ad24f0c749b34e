//! Implements calls that the crate doesn't ship, in a dozen lines each.
//!
//! Run with `cargo run --example own_call`. The sandbox doesn't know the calls either, so the
//! example sets its answers.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tower_wechat::api::{Endpoint, Upload};
use tower_wechat::sandbox::Sandbox;

/// 创建标签: creates a tag for followers.
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

/// 新增临时素材: uploads an image, which the platform keeps for three days.
#[derive(Serialize)]
struct UploadImage {
    #[serde(skip)]
    png: Bytes,
}

#[derive(Deserialize)]
struct Uploaded {
    media_id: String,
}

impl Endpoint for UploadImage {
    type Response = Uploaded;
    const PATH: &'static str = "/cgi-bin/media/upload";

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("type", "image".to_owned())]
    }

    fn upload(&self) -> Option<Upload> {
        Some(Upload::new("image.png", "image/png", self.png.clone()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::new();
    let answer = r#"{"tag":{"id":134,"name":"广东"}}"#;
    sandbox.answer_next(CreateTag::PATH, http::Response::new(answer.into()));

    // The client handles tokens, retries and error codes.
    let app = sandbox.wechat().app(Sandbox::APPID)?;
    let name = "广东".to_owned();
    let Created { tag } = app
        .call(CreateTag {
            tag: NewTag { name },
        })
        .await?;
    println!("created tag {}: {}", tag.id, tag.name);

    let answer = r#"{"type":"image","media_id":"MEDIA_ID","created_at":1767225600}"#;
    sandbox.answer_next(UploadImage::PATH, http::Response::new(answer.into()));
    let png = Bytes::from_static(b"\x89PNG\r\n\x1a\n");
    let Uploaded { media_id } = app.call(UploadImage { png }).await?;
    println!("uploaded image: {media_id}");
    Ok(())
}
