//! The list of an account's followers.

use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::directory::Directory;

const PAGE: usize = 10_000;

/// `GET /cgi-bin/user/get`
pub(in crate::sandbox) fn list(directory: &mut Directory, call: &Call<'_>) -> Answer {
    let mut openids = directory.followers(&call.appid);
    // Sorted: `next_openid` is a cursor into this order, and that user may have unfollowed since.
    openids.sort();
    let total = openids.len();
    let after = call.query.get("next_openid").unwrap_or_default();
    let rest = openids.into_iter().filter(|openid| openid.as_str() > after);
    let page: Vec<String> = rest.take(PAGE).collect();
    Ok(match page.last() {
        Some(last) => json!({
            "total": total,
            "count": page.len(),
            "next_openid": last,
            "data": { "openid": page },
        }),
        None => json!({ "total": total, "count": 0, "next_openid": "" }),
    })
}
