//! The query parameters of a browser's request.

use std::borrow::Cow;

use http::Request;

/// The maximum length of a query, in bytes.
const MAX_LEN: usize = 8 << 10;

/// The parameters of a query, or `None` if the query is too long.
pub(crate) struct Params<'a>(Option<Vec<(Cow<'a, str>, Cow<'a, str>)>>);

/// A parameter came more than once, or the query is too long.
///
/// Two readers of the same URL can pick different values of a repeated parameter.
pub(crate) struct Ambiguous;

impl<'a> Params<'a> {
    /// Parses the parameters of a request.
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let params = || form_urlencoded::parse(query.as_bytes()).collect();
        Self((query.len() <= MAX_LEN).then(params))
    }

    /// Returns the value of a parameter that came at most once.
    pub(crate) fn once(&self, name: &str) -> Result<Option<&str>, Ambiguous> {
        let params = self.0.as_ref().ok_or(Ambiguous)?;
        let mut values = params.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Ambiguous),
            (value, None) => Ok(value.map(|(_, value)| &**value)),
        }
    }
}
