//! The trait of JSON routes.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::routes::Failure;

/// A route that accepts a JSON document by `POST` and answers in the
/// [envelope](crate::routes#the-envelope).
///
/// All documented routes implement it. An application can implement it for its own routes and serve
/// them with [`JsonService`](super::JsonService).
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
    /// The last segment of the route's path, for logs.
    const NAME: &'static str;

    /// The request document. Unknown fields are refused with a suggestion of the closest known one,
    /// unless the service [ignores](super::JsonService::ignore_unknown_fields) them.
    type Request: DeserializeOwned + Send;

    /// The `body` of the answer.
    type Answer: Serialize + Send;

    /// Nested objects of the document and the names of their fields, for the same check:
    /// `("line_color", &["r", "g", "b"])`. A path is separated by dots, and `*` matches any name.
    const OBJECTS: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Answers a request.
    fn answer(
        self,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}
