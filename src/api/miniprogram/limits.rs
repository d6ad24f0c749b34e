//! The limits that several calls share.

use crate::api::limit;
use crate::error::Error;

/// The longest path with its query, or query alone, in characters.
pub(super) const PATH_MAX: usize = 1024;

/// What may stand in a scene, beside letters and digits.
const SCENE_MARKS: &str = "!#$&'()*+,/:;=?@-._~";

/// The query parameter that the platform keeps for itself.
const RESERVED: &str = "scancode_time";

fn is_legal(c: char, more: &str) -> bool {
    c.is_ascii_alphanumeric() || SCENE_MARKS.contains(c) || more.contains(c)
}

/// The first character that is not legal, as it may be shown.
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
                "must be 1 to 32 characters (it has {len}): keep what is longer yourself, and send \
                 the number it is kept under"
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

/// A page by its name alone.
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
            "must not have a query: what the page is to know goes into scene",
        ));
    }
    Ok(())
}

/// A page with its query, of at most `max` bytes.
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

/// A text of at most `max` bytes.
pub(super) fn within(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    match text.len() {
        len if len > max => Err(Error::input(
            field,
            format!("must be at most {max} bytes (it has {len}): shorten it"),
        )),
        _ => Ok(()),
    }
}

/// A text that must be there, of at most `max` bytes.
pub(super) fn given(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    limit::given(field, text)?;
    within(field, text, max)
}

fn reserved(field: &'static str, text: &str) -> Result<(), Error> {
    if text.contains(RESERVED) {
        return Err(Error::input(
            field,
            "must not contain scancode_time, which the platform adds itself: take another name",
        ));
    }
    Ok(())
}
