//! A field of an undocumented type does not affect the other fields.

use std::fmt::Debug;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_wechat::ErrorKind;
use tower_wechat::api::miniprogram::{link, phone, session, user_data};
use tower_wechat::api::{
    Answer, Endpoint, menu, network, oauth, qrcode, quota, shorten, template, ticket, token, user,
};

type Of<E> = <E as Endpoint>::Response;

fn read<T: Answer>(body: &Value) -> Result<T, tower_wechat::Error> {
    T::decode(&Bytes::from(body.to_string()))
}

/// Returns the paths of all fields of a sample.
fn paths(value: &Value, at: &str) -> Vec<String> {
    let join = |step: &str| format!("{at}/{step}");
    match value {
        Value::Object(object) => {
            let below = object.iter().flat_map(|(name, value)| {
                let mut below = vec![join(name)];
                below.extend(paths(value, &join(name)));
                below
            });
            below.collect()
        }
        Value::Array(list) => {
            let below = list.iter().enumerate();
            below
                .flat_map(|(index, value)| paths(value, &join(&index.to_string())))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn without(sample: &Value, path: &str) -> Value {
    let mut sample = sample.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = sample.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(name);
    sample
}

/// Returns the differing parts of two texts, without their common prefix and suffix.
fn difference<'a>(one: &'a str, other: &'a str) -> [&'a str; 2] {
    let start = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let left = one.len().min(other.len()) - start;
    let same = |(a, b): &(u8, u8)| a == b;
    let end = one
        .bytes()
        .rev()
        .zip(other.bytes().rev())
        .take(left)
        .take_while(same)
        .count();
    [one, other].map(|text| text.get(start..text.len() - end).unwrap_or(text))
}

/// Replaces each field of a sample in turn. Fields at the `required` paths must cause an error that
/// names them.
fn each_field<T: Answer + Debug>(sample: Value, required: &[&str]) {
    read::<T>(&sample).unwrap_or_else(|error| panic!("{error}: {sample}"));
    for path in paths(&sample, "") {
        for odd in [json!(null), json!(""), json!(0), json!([]), json!({})] {
            let mut body = sample.clone();
            *body.pointer_mut(&path).unwrap() = odd.clone();
            let name = path.rsplit('/').next().unwrap();
            let answer = read::<T>(&body);
            if required.contains(&&*path) {
                // An empty list or object may be equivalent to none.
                let is_text = sample.pointer(&path).is_some_and(Value::is_string);
                match &answer {
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Answer, "{path} {odd}");
                        assert!(error.to_string().contains(name), "{path} {odd}: {error}");
                    }
                    Ok(_) => assert!(!is_text || odd == json!(0), "{path} {odd}"),
                }
                continue;
            }
            let answer = answer.unwrap_or_else(|error| panic!("{path} {odd}: {error}"));
            let removed = read::<T>(&without(&sample, &path)).unwrap();
            let [odd_text, text] = [format!("{answer:?}"), format!("{removed:?}")];
            let differs = difference(&odd_text, &text);
            let is_one = |part: &&str| part.starts_with("Some(") || !part.contains(": ");
            assert!(differs.iter().all(is_one), "{path} {odd}: {differs:?}");
        }
    }
}

/// The same check for an answer that can be stored: the stored value must read back.
fn each_kept_field<T>(sample: Value, required: &[&str])
where
    T: Answer + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let answer = read::<T>(&sample).unwrap();
    let stored = serde_json::to_string(&answer).unwrap();
    assert_eq!(
        serde_json::from_str::<T>(&stored).unwrap(),
        answer,
        "{stored}"
    );
    each_field::<T>(sample, required);
}

#[test]
fn fields_of_users() {
    let sample = json!({
        "subscribe": 1, "openid": "o1", "unionid": "u1", "subscribe_time": 1767225600, "remark": "r",
        "tagid_list": [1, 2], "subscribe_scene": "ADD_SCENE_QR_CODE", "qr_scene": 7,
        "qr_scene_str": "s", "language": "zh_CN",
    });
    each_kept_field::<Of<user::GetUser>>(sample.clone(), &["/openid"]);
    let list = json!({"user_info_list": [sample]});
    each_kept_field::<Of<user::BatchGetUsers>>(
        list,
        &["/user_info_list", "/user_info_list/0/openid"],
    );
    let page = json!({"total": 2, "count": 1, "data": {"openid": ["o1"]}, "next_openid": "o1"});
    each_kept_field::<Of<user::ListFollowers>>(page, &["/total"]);
}

#[test]
fn fields_of_web_oauth() {
    let token = json!({
        "access_token": "t", "expires_in": 7200, "refresh_token": "r", "openid": "o1",
        "scope": "snsapi_userinfo", "is_snapshotuser": 1, "unionid": "u1",
    });
    each_field::<Of<oauth::ExchangeCode>>(token.clone(), &["/access_token", "/openid"]);
    each_field::<Of<oauth::RefreshUserToken>>(token, &["/access_token", "/openid"]);
    let profile = json!({
        "openid": "o1", "nickname": "Hui", "sex": 1, "province": "p", "city": "c", "country": "CN",
        "headimgurl": "https://a.example/0", "privilege": ["p1"], "unionid": "u1",
    });
    each_kept_field::<Of<oauth::GetUserInfo>>(profile, &["/openid"]);
}

#[test]
fn fields_of_tokens_and_tickets() {
    let grant = json!({"access_token": "t", "expires_in": 7200});
    each_field::<Of<token::GetStableToken>>(grant.clone(), &["/access_token", "/expires_in"]);
    each_field::<Of<token::GetClassicToken>>(grant, &["/access_token", "/expires_in"]);
    let ticket = json!({"ticket": "t", "expires_in": 7200});
    each_field::<Of<ticket::GetTicket>>(ticket, &["/ticket", "/expires_in"]);
}

#[test]
fn fields_of_codes_and_short_keys() {
    let code = json!({"ticket": "t", "expire_seconds": 60, "url": "http://weixin.qq.com/q/1"});
    each_kept_field::<Of<qrcode::CreateQrcode>>(code, &["/ticket"]);
    each_kept_field::<Of<shorten::GenerateShortKey>>(json!({"short_key": "k"}), &["/short_key"]);
    let kept = json!({"long_data": "d", "create_time": 1, "expire_seconds": 2});
    each_kept_field::<Of<shorten::FetchShortKey>>(kept, &["/long_data"]);
}

#[test]
fn fields_of_templates() {
    each_kept_field::<Of<template::SendTemplateMessage>>(
        json!({"msgid": 4200001234202411261u64}),
        &["/msgid"],
    );
    each_kept_field::<Of<template::AddTemplate>>(json!({"template_id": "t"}), &["/template_id"]);
    let list = json!({"template_list": [{
        "template_id": "t", "title": "a", "primary_industry": "b", "deputy_industry": "c",
        "content": "{{thing1.DATA}}", "example": "e",
    }]});
    let required = ["/template_list", "/template_list/0/template_id"];
    each_kept_field::<Of<template::ListTemplates>>(list, &required);
    let industry = json!({"first_class": "a", "second_class": "b"});
    let industries = json!({"primary_industry": industry, "secondary_industry": industry});
    each_kept_field::<Of<template::GetIndustry>>(
        industries,
        &["/primary_industry", "/secondary_industry"],
    );
}

#[test]
fn fields_of_the_network_and_quotas() {
    each_kept_field::<Of<network::GetCallbackIp>>(
        json!({"ip_list": ["203.0.113.7"]}),
        &["/ip_list"],
    );
    let checks = json!({
        "dns": [{"ip": "203.0.113.7", "real_operator": "UNICOM"}],
        "ping": [{"ip": "203.0.113.7", "from_operator": "CAP", "package_loss": "0%", "time": "1ms"}],
    });
    each_kept_field::<Of<network::CheckCallback>>(checks, &["/dns", "/ping"]);
    let quota = json!({
        "quota": {"daily_limit": 10, "used": 3, "remain": 7},
        "rate_limit": {"call_count": 1, "refresh_second": 60},
    });
    let required = [
        "/quota",
        "/quota/daily_limit",
        "/quota/used",
        "/quota/remain",
    ];
    each_kept_field::<Of<quota::GetQuota>>(quota, &required);
}

#[test]
fn fields_of_menus() {
    let menu = json!({"menu": {"button": [{
        "name": "a", "type": "click", "key": "k", "sub_button": [{"name": "b", "type": "view", "url": "https://a.example"}],
    }], "menuid": 7}});
    let required = ["/menu", "/menu/button"];
    each_kept_field::<Of<menu::GetMenu>>(menu, &required);
}

#[test]
fn fields_of_mini_programs() {
    let session =
        json!({"openid": "o1", "session_key": "AAAAAAAAAAAAAAAAAAAAAA==", "unionid": "u1"});
    each_field::<Of<session::CodeToSession>>(session, &["/openid", "/session_key"]);
    let number = json!({"phone_info": {
        "phoneNumber": "13800000000", "purePhoneNumber": "13800000000", "countryCode": "86",
        "watermark": {"timestamp": 1767225600, "appid": "wx1"},
    }});
    let required = [
        "/phone_info",
        "/phone_info/phoneNumber",
        "/phone_info/watermark",
        "/phone_info/watermark/appid",
    ];
    each_kept_field::<Of<phone::GetPhoneNumber>>(number, &required);
    each_kept_field::<Of<link::GenerateScheme>>(
        json!({"openlink": "weixin://dl/1"}),
        &["/openlink"],
    );
    each_kept_field::<Of<link::GenerateUrlLink>>(
        json!({"url_link": "https://wxaurl.cn/1"}),
        &["/url_link"],
    );
    each_kept_field::<Of<link::GenerateShortLink>>(json!({"link": "#小程序://a"}), &["/link"]);
    let profile = json!({
        "openId": "o1", "nickName": "Hui", "gender": 1, "language": "zh_CN", "city": "c",
        "province": "p", "country": "CN", "avatarUrl": "https://a.example/0", "unionId": "u1",
        "watermark": {"timestamp": 1767225600, "appid": "wx1"},
    });
    each_kept_field::<user_data::UserProfile>(profile, &["/watermark", "/watermark/appid"]);
}

/// Each of these responses made some client fail as a whole after the code was spent.
#[test]
fn known_deviations_affect_one_field() {
    let read = |body: &[u8]| Of::<oauth::GetUserInfo>::decode(&Bytes::from(body.to_vec())).unwrap();
    for (body, nickname) in [
        (&br#"{"openid":"o1","nickname":"a\ud83d"}"#[..], "a\u{fffd}"),
        (
            br#"{"openid":"o1","nickname":"\ud83d\ude00\n"}"#,
            "\u{1f600}\n",
        ),
        (
            b"{\"openid\":\"o1\",\"nickname\":\"a\xe4\xbd\"}",
            "a\u{fffd}",
        ),
        (b"\xef\xbb\xbf{\"openid\":\"o1\",\"nickname\":\"a\"}", "a"),
        (br#"{"openid":"o1","nickname":"a","sex":""}"#, "a"),
        (
            br#"{"openid":"o1","nickname":"a","sex":null,"privilege":""}"#,
            "a",
        ),
        (br#"{"openid":"o1","nickname":{"a":1},"sex":9999}"#, ""),
    ] {
        let profile = read(body);
        assert_eq!((&*profile.openid, &*profile.nickname), ("o1", nickname));
        assert_eq!((profile.sex, profile.privilege.len()), (0, 0));
    }
    let user = json!({"subscribe": 1, "openid": "o1", "subscribe_time": "", "nickname": "\u{0}"});
    assert_eq!(
        Of::<user::GetUser>::decode(&Bytes::from(user.to_string()))
            .unwrap()
            .subscribe_time,
        0
    );
}

#[test]
fn a_missing_required_field_is_named() {
    for body in [
        "{\"access_token\":\"t\"}",
        r#"{"access_token":"t","openid":""}"#,
        r#"{"access_token":"t","openid":["s3cr3t"]}"#,
    ] {
        let error = Of::<oauth::ExchangeCode>::decode(&Bytes::from(body)).unwrap_err();
        let expected =
            "could not parse the response: its field openid is missing, empty or of the wrong type";
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::Answer, expected)
        );
    }
}
