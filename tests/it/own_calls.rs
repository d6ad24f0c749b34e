//! Custom endpoints, against a server with an independent form parser.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Multipart, Query};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::Method;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_wechat::api::{Endpoint, Upload};
use tower_wechat::client::Hosts;
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, Wechat};

use crate::over_http::serve;

#[derive(Serialize)]
struct UploadVideo {
    #[serde(skip)]
    upload: Upload,
}

#[derive(Debug, Deserialize)]
struct Seen {
    query: HashMap<String, String>,
    body: Value,
}

impl Endpoint for UploadVideo {
    type Response = Seen;
    const PATH: &'static str = "/cgi-bin/material/add_material";

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("type", "video".to_owned()), ("note", "a&b=茶".to_owned())]
    }

    fn upload(&self) -> Option<Upload> {
        Some(self.upload.clone())
    }
}

/// A `POST` with query parameters.
#[derive(Serialize)]
struct DeleteThing {
    #[serde(skip)]
    kind: &'static str,
    id: u32,
}

impl Endpoint for DeleteThing {
    type Response = Seen;
    const PATH: &'static str = "/cgi-bin/thing/delete";

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("kind", self.kind.to_owned())]
    }
}

/// A `GET` with query parameters besides its fields.
#[derive(Serialize)]
struct GetThing {
    id: u32,
}

impl Endpoint for GetThing {
    type Response = Seen;
    const PATH: &'static str = "/cgi-bin/thing/get";
    const METHOD: Method = Method::GET;

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("lang", "zh_CN".to_owned())]
    }
}

type Pairs = Query<HashMap<String, String>>;

/// Returns the parsed form. The first call gets an error that has the token replaced.
async fn read_form(Query(query): Pairs, mut form: Multipart) -> Response {
    if query.get("access_token").map(String::as_str) == Some("dead") {
        return axum::Json(json!({"errcode": 42001, "errmsg": "expired"})).into_response();
    }
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().map(str::to_owned);
        let file = field.file_name().map(str::to_owned);
        let kind = field.content_type().map(str::to_owned);
        let content = field.bytes().await.unwrap();
        fields.push(json!({"name": name, "file": file, "type": kind, "content": content.to_vec()}));
    }
    axum::Json(json!({"query": query, "body": fields})).into_response()
}

async fn app() -> App {
    let mut tokens = ["dead", "live"].into_iter();
    let tokens = std::sync::Mutex::new(move || tokens.next().unwrap());
    let tokens = std::sync::Arc::new(tokens);
    let token = move || {
        let token = tokens.lock().unwrap()();
        async move { axum::Json(json!({"access_token": token, "expires_in": 7200})) }
    };
    let echo = |Query(query): Pairs, body: Bytes| async move {
        let body = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        axum::Json(json!({"query": query, "body": body}))
    };
    let router = Router::new()
        .route("/cgi-bin/stable_token", post(token))
        .route(UploadVideo::PATH, post(read_form))
        .route(DeleteThing::PATH, post(echo))
        .route(GetThing::PATH, get(echo));
    let base = format!("http://{}", serve(router).await);
    let hosts = Hosts::default().api(&base).unwrap();
    let config = Sandbox::new().app_configs().remove(0);
    let wechat = Wechat::builder().hosts(hosts).app(config).build().unwrap();
    wechat.app(Sandbox::APPID).unwrap()
}

#[tokio::test]
async fn an_upload_is_a_valid_form_also_after_a_rejected_token() {
    let file = Bytes::from_static(b"\x00\xff\r\n--\r\n\"");
    let upload = Upload::new("海 \"1\".mp4", "video/mp4", file.clone())
        .field("description", r#"{"title":"海"}"#);
    let seen = app().await.call(UploadVideo { upload }).await.unwrap();
    assert_eq!(seen.query["type"], "video");
    assert_eq!(seen.query["note"], "a&b=茶");
    assert_eq!(seen.query["access_token"], "live");
    let description = r#"{"title":"海"}"#.as_bytes();
    assert_eq!(
        seen.body,
        json!([
            {"name": "description", "file": null, "type": null, "content": description},
            {"name": "media", "file": "海 %221%22.mp4", "type": "video/mp4", "content": &file[..]},
        ])
    );
}

#[tokio::test]
async fn a_post_and_a_get_may_add_query_parameters() {
    let app = app().await;
    let delete = DeleteThing { kind: "a b", id: 7 };
    let seen = app.call(delete).await.unwrap();
    assert_eq!(seen.query["kind"], "a b");
    assert_eq!(seen.body, json!({"id": 7}));
    let seen = app.call(GetThing { id: 7 }).await.unwrap();
    assert_eq!((&*seen.query["id"], &*seen.query["lang"]), ("7", "zh_CN"));
}

#[test]
fn debug_output_of_an_upload_hides_the_file_and_its_fields() {
    let upload = Upload::new("a.jpg", "image/jpeg", "secret").field("description", "secret");
    let shown = format!("{upload:?}");
    assert!(
        shown.contains("a.jpg") && !shown.contains("secret"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_file_of_any_name_arrives(name in "\\PC{1,20}", content in prop::collection::vec(any::<u8>(), 0..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let upload = Upload::new(&name, "image/jpeg\r\nx: y", content.clone()).name("file");
            let seen = app().await.call(UploadVideo { upload }).await.unwrap();
            let file = &seen.body[0];
            assert_eq!(file["name"], "file");
            assert_eq!(file["content"], json!(content));
            // The content type cannot inject a header.
            assert_eq!(seen.body.as_array().unwrap().len(), 1);
        });
    }
}
