//! The checks of a message's content, by its type.

use serde_json::Value;

use crate::api::customer_service::SendCustomerServiceMessage;
use crate::error::ErrCode;

/// Checks a message's content. Refuses what the platform refuses.
pub(super) fn check(
    msgtype: &str,
    content: Option<&Value>,
    has_media: impl Fn(&str) -> bool,
) -> Result<(), ErrCode> {
    let required: &[&str] = match msgtype {
        "text" => &["content"],
        "image" | "voice" | "mpnews" => &["media_id"],
        "video" => &["media_id", "thumb_media_id"],
        "music" => &["musicurl", "hqmusicurl", "thumb_media_id"],
        "news" | "msgmenu" => &[],
        "mpnewsarticle" => &["article_id"],
        "wxcard" => &["card_id"],
        "miniprogrampage" => &["title", "pagepath", "thumb_media_id"],
        "link" => &["title", "url"],
        _ => return Err(ErrCode::INVALID_MESSAGE_TYPE),
    };
    let content = content.ok_or(ErrCode::MALFORMED_BODY)?;
    for field in required {
        match (*field, text(content, field)) {
            (_, None) => return Err(ErrCode::MALFORMED_BODY),
            ("content", Some("")) => return Err(ErrCode::EMPTY_TEXT),
            ("content", Some(text)) if text.len() > SendCustomerServiceMessage::MAX_TEXT => {
                return Err(ErrCode::TEXT_TOO_LONG);
            }
            ("media_id" | "thumb_media_id", Some(media_id)) if !has_media(media_id) => {
                return Err(ErrCode::INVALID_MEDIA_ID);
            }
            (_, Some("")) => return Err(ErrCode::INVALID_ARGS),
            _ => {}
        }
    }
    match msgtype {
        "news" if entries(content, "articles").is_none_or(|articles| articles.len() != 1) => {
            Err(ErrCode::TOO_MANY_ARTICLES)
        }
        "msgmenu" if !entries(content, "list").is_some_and(is_menu) => Err(ErrCode::MALFORMED_BODY),
        _ => Ok(()),
    }
}

fn is_menu(list: &[Value]) -> bool {
    let is_item = |item| text(item, "id").is_some() && text(item, "content").is_some();
    !list.is_empty() && list.iter().all(is_item)
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str)
}

fn entries<'a>(object: &'a Value, field: &str) -> Option<&'a [Value]> {
    object
        .get(field)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
}
