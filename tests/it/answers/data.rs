//! Calls whose success response has data.

use tower_wechat::api::network::{CheckCallback, GetApiDomainIp, GetCallbackIp};
use tower_wechat::api::{menu, qrcode, quota, shorten, template, ticket, user};
use tower_wechat::{Error, ErrorKind};

use super::{NO_ANSWERS, answered, sandbox};

/// Returns the result of each call for this response.
async fn outcomes(body: &str) -> Vec<(&'static str, Result<(), Error>)> {
    let platform = sandbox();
    let mut outcomes = Vec::new();
    macro_rules! ask {
        ($($call:expr),* $(,)?) => {
            $(outcomes.push((
                stringify!($call),
                answered(&platform, $call, body.as_bytes()).await.map(drop),
            ));)*
        };
    }
    ask![
        GetCallbackIp::new(),
        GetApiDomainIp::new(),
        CheckCallback::new(),
        user::GetUser::new("o"),
        user::BatchGetUsers::new(["o"]),
        user::ListFollowers::new(),
        menu::GetMenu::new(),
        template::SendTemplateMessage::new("o", "t"),
        template::AddTemplate::new("42841", ["x"]),
        template::ListTemplates::new(),
        template::GetIndustry::new(),
        qrcode::CreateQrcode::temporary("x"),
        shorten::GenerateShortKey::new("x"),
        shorten::FetchShortKey::new("x"),
        quota::GetQuota::new("/x"),
        quota::GetRid::new("1-2-3"),
        ticket::GetTicket::jsapi(),
    ];
    outcomes
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_its_data_is_an_error() {
    let more = [
        r#"{"errcode":0,"errmsg":"ok"}"#,
        r#"{"errcode":0,"code":502}"#,
    ];
    for body in NO_ANSWERS.into_iter().chain(more) {
        for (call, outcome) in outcomes(body).await {
            let kind = outcome.map_err(|error| error.kind());
            assert_eq!(kind, Err(ErrorKind::Answer), "{call}: {body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lists_may_be_empty() {
    let platform = sandbox();
    let all = "{\"user_info_list\":[],\"template_list\":null,\"total\":0,\"data\":[],\
               \"primary_industry\":null,\"dns\":null}";
    let all = all.as_bytes();
    let users = answered(&platform, user::BatchGetUsers::new(["o"]), all).await;
    assert!(users.unwrap().user_info_list.is_empty());
    let templates = answered(&platform, template::ListTemplates::new(), all).await;
    assert!(templates.unwrap().template_list.is_empty());
    let industries = answered(&platform, template::GetIndustry::new(), all).await;
    assert_eq!(industries.unwrap().primary_industry.first_class, "");
    let checked = answered(&platform, CheckCallback::new(), all)
        .await
        .unwrap();
    assert!(checked.dns.is_empty() && checked.ping.is_empty());
    let page = br#"{"total":2,"count":0,"next_openid":""}"#;
    let page = answered(&platform, user::ListFollowers::new(), page)
        .await
        .unwrap();
    assert_eq!((page.total, page.openids().len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_errcode_beside_data_is_an_error() {
    let platform = sandbox();
    for code in [
        "true", "\"\"", "\"abc\"", "1.5", "1e99", "1e999", "{}", "[0]",
    ] {
        let body = format!(r#"{{"errcode":{code},"ip_list":["203.0.113.1"]}}"#);
        let error = answered(&platform, GetCallbackIp::new(), body.as_bytes()).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Answer, "{code}");
    }
    for code in ["null", "0", "\"0\"", "0.0"] {
        let body = format!(r#"{{"errcode":{code},"ip_list":["203.0.113.1"]}}"#);
        let answer = answered(&platform, GetCallbackIp::new(), body.as_bytes()).await;
        assert_eq!(answer.unwrap().ip_list, ["203.0.113.1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_leading_byte_order_mark_is_skipped() {
    let platform = sandbox();
    let body = format!(" {}{{\"ip_list\":[]}}", super::BOM);
    let answer = answered(&platform, GetCallbackIp::new(), body.as_bytes()).await;
    assert!(answer.unwrap().ip_list.is_empty());
    let gateway = format!("{}<html>busy</html>", super::BOM);
    let error = answered(&platform, crate::support::send(), gateway.as_bytes()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Status(200));
}
