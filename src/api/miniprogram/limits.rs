//! Limits that several calls share.

use crate::api::limit;
use crate::error::Error;

/// The maximum length of a path with its query, or of a query alone, in bytes.
pub(super) const PATH_MAX: usize = 1024;

/// The characters allowed in a scene besides letters and digits.
const SCENE_MARKS: &str = "!#$&'()*+,/:;=?@-._~";

/// A query parameter that the platform reserves.
const RESERVED: &str = "scancode_time";

fn is_legal(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || SCENE_MARKS.contains(c) || more.contains(c)
}

/// Returns the first character that is not allowed, in a printable form.
fn illegal(text: &str, more: &str) -> Option<String> {
    let found = text.chars().find(|c| !is_legal(*c, more))?;
    Some(found.escape_default().to_string())
}

pub(super) fn scene(scene: &str) -> Result<(), Error> {
    let len = scene.chars().count();
    if !(1..=32).contains(&len) {
        return Err(Error::input(
            "scene",
            format!(
                "must be 1 to 32 characters (it has {len}): store longer data yourself, and send \
                 its key"
            ),
        ));
    }
    if let Some(c) = illegal(scene, "") {
        return Err(Error::input(
            "scene",
            format!(
                "must be letters, digits and {SCENE_MARKS} (it has '{c}'): encode other characters \
                 without '%', in hexadecimal for example"
            ),
        ));
    }
    reserved("scene", scene)
}

/// Checks a page path without a query.
pub(super) fn page(page: &str) -> Result<(), Error> {
    within("page", page, PATH_MAX)?;
    if page.starts_with('/') {
        return Err(Error::input(
            "page",
            "must not start with '/': write pages/index/index",
        ));
    }
    if page.contains('?') {
        return Err(Error::input(
            "page",
            "must not have a query: pass the page's parameters in scene",
        ));
    }
    Ok(())
}

/// Checks a page path with its query, of at most `max` bytes.
pub(super) fn path(field: &'static str, path: &str, max: usize) -> Result<(), Error> {
    if path.is_empty() {
        return Err(Error::input(
            field,
            "must not be empty: write pages/index/index",
        ));
    }
    within(field, path, max)?;
    reserved(field, path)
}

pub(super) fn query(query: &str) -> Result<(), Error> {
    within("query", query, PATH_MAX)?;
    match illegal(query, "%") {
        Some(c) => Err(Error::input(
            "query",
            format!("must be letters, digits, '%' and {SCENE_MARKS} (it has '{c}'): URL-encode it"),
        )),
        None => Ok(()),
    }
}

/// Checks a text of at most `max` bytes.
pub(super) fn within(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    match text.len() {
        len if len > max => Err(Error::input(
            field,
            format!("must be at most {max} bytes (it has {len}): shorten it"),
        )),
        _ => Ok(()),
    }
}

/// Checks a text of 1 to `max` bytes.
pub(super) fn given(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    limit::given(field, text)?;
    within(field, text, max)
}

fn reserved(field: &'static str, text: &str) -> Result<(), Error> {
    if text.contains(RESERVED) {
        return Err(Error::input(
            field,
            "must not contain scancode_time, which the platform adds itself: use another name",
        ));
    }
    Ok(())
}
