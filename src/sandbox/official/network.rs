//! The network check of a callback.

use serde::Deserialize;
use serde_json::json;

use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::directory::Directory;
use crate::sandbox::refusal::Refused;

/// `POST /cgi-bin/callback/check`
pub(in crate::sandbox) fn check_callback(directory: &Directory, call: &Call<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        action: String,
        #[serde(default)]
        check_operator: String,
    }

    let body: Body = call.json()?;
    if !["dns", "ping", "all"].contains(&body.action.as_str()) {
        return Err(Refused::new(40202, "invalid action"));
    }
    let operators = ["CHINANET", "UNICOM", "CAP", "DEFAULT"];
    if !operators.contains(&body.check_operator.as_str()) {
        return Err(Refused::new(40203, "invalid check_operator"));
    }
    let account = directory.account(call.appid.as_str());
    if account.is_none_or(|account| account.callback_url.is_empty()) {
        return Err(Refused::new(40201, "invalid url"));
    }
    let mut answer = json!({});
    let Some(fields) = answer.as_object_mut() else {
        return Ok(answer);
    };
    if body.action != "ping" {
        let dns = json!([{ "ip": "127.0.0.1", "real_operator": "DEFAULT" }]);
        fields.insert("dns".to_owned(), dns);
    }
    if body.action != "dns" {
        let ping = json!([{
            "ip": "127.0.0.1",
            "from_operator": body.check_operator,
            "package_loss": "0%",
            "time": "0.079ms",
        }]);
        fields.insert("ping".to_owned(), ping);
    }
    Ok(answer)
}
