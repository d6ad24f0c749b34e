//! What a JSON route is.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::routes::Failure;

/// A route that takes a JSON document by `POST` and answers in the
/// [envelope](crate::routes#the-envelope). The documented routes are; a host's own can be, and is then
/// served by a [`JsonService`](super::JsonService).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use serde::{Deserialize, Serialize};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::{Failure, JsonRoute, JsonService};
///
/// #[derive(Clone)]
/// struct Greet;
///
/// #[derive(Deserialize)]
/// struct Name {
///     name: String,
/// }
///
/// #[derive(Serialize)]
/// struct Greeting {
///     text: String,
/// }
///
/// impl JsonRoute for Greet {
///     const NAME: &'static str = "greet";
///     type Request = Name;
///     type Answer = Greeting;
///
///     async fn answer(self, Name { name }: Name) -> Result<Greeting, Failure> {
///         if name.is_empty() {
///             return Err(Failure::parameter("name must not be empty"));
///         }
///         Ok(Greeting { text: format!("hello, {name}") })
///     }
/// }
///
/// let request = Request::post("/greet")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"name":"Hui"}"#))?;
/// let response = JsonService::from_route(Greet).unprotected().oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
pub trait JsonRoute: Clone + Send + Sync + 'static {
    /// The last part of its path, for logs.
    const NAME: &'static str;

    /// The document it takes. Fields that it does not know are refused, with the nearest one that
    /// it does, unless the service [ignores](super::JsonService::ignore_unknown_fields) them.
    type Request: DeserializeOwned + Send;

    /// The `body` of its answer.
    type Answer: Serialize + Send;

    /// The objects inside the document and the names of their fields, which are checked alike:
    /// `("line_color", &["r", "g", "b"])`. A path goes down by dots, and `*` is any name.
    const OBJECTS: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Answers one request.
    fn answer(
        self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}
