//! The query of a browser's request.

use std::borrow::Cow;

use http::Request;

/// The longest query that is read, in bytes.
const MAX_LEN: usize = 8 << 10;

/// The parameters of a query; `None` for one that is too long.
pub(crate) struct Params<'a>(Option<Vec<(Cow<'a, str>, Cow<'a, str>)>>);

/// The parameter came more than once, so that two readers of the same address might take a
/// different one; or the query is too long.
pub(crate) struct Ambiguous;

impl<'a> Params<'a> {
    /// The parameters of a request.
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let params = || form_urlencoded::parse(query.as_bytes()).collect();
        Self((query.len() <= MAX_LEN).then(params))
    }

    /// The value of a parameter that came at most once.
    pub(crate) fn once(&self, name: &str) -> Result<Option<&str>, Ambiguous> {
        let params = self.0.as_ref().ok_or(Ambiguous)?;
        let mut values = params.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Ambiguous),
            (value, None) => Ok(value.map(|(_, value)| &**value)),
        }
    }
}
