//! Tests of the requests on the wire and of the arguments that are refused.

use serde_json::json;

use super::*;
use crate::api::Endpoint;
use crate::app::AppId;

fn page(title: &str) -> MiniProgramPage {
    MiniProgramPage::new(title, "p?a=b", "T")
}

#[test]
fn every_kind_has_its_body() {
    for (call, body) in [
        (
            SendCustomerServiceMessage::text("o1", "你好\n").kf_account("a@b"),
            json!({"touser": "o1", "msgtype": "text", "text": {"content": "你好\n"},
                "customservice": {"kf_account": "a@b"}}),
        ),
        (
            SendCustomerServiceMessage::image("o1", "M"),
            json!({"touser": "o1", "msgtype": "image", "image": {"media_id": "M"}}),
        ),
        (
            SendCustomerServiceMessage::voice("o1", "M"),
            json!({"touser": "o1", "msgtype": "voice", "voice": {"media_id": "M"}}),
        ),
        (
            SendCustomerServiceMessage::video(
                "o1",
                Video::new("M", "T").title("t").description("d"),
            ),
            json!({"touser": "o1", "msgtype": "video", "video": {"media_id": "M",
                "thumb_media_id": "T", "title": "t", "description": "d"}}),
        ),
        (
            SendCustomerServiceMessage::music("o1", Music::new("u", "T").hq_music_url("h")),
            json!({"touser": "o1", "msgtype": "music", "music": {"musicurl": "u",
                "hqmusicurl": "h", "thumb_media_id": "T"}}),
        ),
        (
            SendCustomerServiceMessage::news(
                "o1",
                Article::new("t", "u").description("d").pic_url("p"),
            ),
            json!({"touser": "o1", "msgtype": "news", "news": {"articles": [{"title": "t",
                "description": "d", "url": "u", "picurl": "p"}]}}),
        ),
        (
            SendCustomerServiceMessage::mp_news("o1", "M"),
            json!({"touser": "o1", "msgtype": "mpnews", "mpnews": {"media_id": "M"}}),
        ),
        (
            SendCustomerServiceMessage::mp_news_article("o1", "A"),
            json!({"touser": "o1", "msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "A"}}),
        ),
        (
            SendCustomerServiceMessage::msg_menu(
                "o1",
                MsgMenu::new("h")
                    .item("1", "好")
                    .item("2", "不好")
                    .tail("t"),
            ),
            json!({"touser": "o1", "msgtype": "msgmenu", "msgmenu": {"head_content": "h",
                "list": [{"id": "1", "content": "好"}, {"id": "2", "content": "不好"}],
                "tail_content": "t"}}),
        ),
        (
            SendCustomerServiceMessage::wx_card("o1", "C"),
            json!({"touser": "o1", "msgtype": "wxcard", "wxcard": {"card_id": "C"}}),
        ),
        (
            SendCustomerServiceMessage::mini_program_page(
                "o1",
                page("t").appid(AppId::new("wx1").unwrap()),
            ),
            json!({"touser": "o1", "msgtype": "miniprogrampage", "miniprogrampage": {"title": "t",
                "appid": "wx1", "pagepath": "p?a=b", "thumb_media_id": "T"}}),
        ),
        (
            SendCustomerServiceMessage::mini_program_page("o1", page("t")),
            json!({"touser": "o1", "msgtype": "miniprogrampage", "miniprogrampage": {"title": "t",
                "pagepath": "p?a=b", "thumb_media_id": "T"}}),
        ),
        (
            SendCustomerServiceMessage::link(
                "o1",
                Link::new("t", "u").description("d").thumb_url("p"),
            ),
            json!({"touser": "o1", "msgtype": "link", "link": {"title": "t", "description": "d",
                "url": "u", "thumb_url": "p"}}),
        ),
    ] {
        assert!(call.check().is_ok(), "{call:?}");
        assert_eq!(serde_json::to_value(&call).unwrap(), body);
    }
}

#[test]
fn what_the_platform_would_refuse_is_not_sent() {
    for (call, field) in [
        (SendCustomerServiceMessage::text("", "hi"), "touser"),
        (SendCustomerServiceMessage::text("o1", ""), "content"),
        (
            SendCustomerServiceMessage::text("o1", "x".repeat(2049)),
            "content",
        ),
        (SendCustomerServiceMessage::image("o1", ""), "media_id"),
        (SendCustomerServiceMessage::voice("o1", ""), "media_id"),
        (
            SendCustomerServiceMessage::video("o1", Video::new("M", "")),
            "thumb_media_id",
        ),
        (
            SendCustomerServiceMessage::music("o1", Music::new("", "T")),
            "musicurl",
        ),
        (
            SendCustomerServiceMessage::music("o1", Music::new("u", "")),
            "thumb_media_id",
        ),
        (
            SendCustomerServiceMessage::news("o1", Article::new("t", "")),
            "url",
        ),
        (
            SendCustomerServiceMessage::news("o1", Article::new("", "u")),
            "title",
        ),
        (SendCustomerServiceMessage::mp_news("o1", ""), "media_id"),
        (
            SendCustomerServiceMessage::mp_news_article("o1", ""),
            "article_id",
        ),
        (
            SendCustomerServiceMessage::msg_menu("o1", MsgMenu::new("h")),
            "list",
        ),
        (
            SendCustomerServiceMessage::msg_menu("o1", MsgMenu::new("h").item("", "c")),
            "id",
        ),
        (
            SendCustomerServiceMessage::msg_menu("o1", MsgMenu::new("h").item("1", "")),
            "content",
        ),
        (SendCustomerServiceMessage::wx_card("o1", ""), "card_id"),
        (
            SendCustomerServiceMessage::mini_program_page("o1", page("")),
            "title",
        ),
        (
            SendCustomerServiceMessage::link("o1", Link::new("t", "")),
            "url",
        ),
        (
            SendCustomerServiceMessage::text("o1", "hi").kf_account(""),
            "kf_account",
        ),
    ] {
        assert_eq!(call.check().unwrap_err().field(), Some(field), "{call:?}");
    }
    assert!(
        SendCustomerServiceMessage::text("o1", "x".repeat(2048))
            .check()
            .is_ok()
    );
}

#[test]
fn a_text_that_is_too_long_says_by_how_much() {
    let error = SendCustomerServiceMessage::text("o1", "x".repeat(2049))
        .check()
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("content") && error.contains("2048") && error.contains("2049"));
    let error = SendCustomerServiceMessage::split_text("o1", "x".repeat(10_241)).unwrap_err();
    assert_eq!(error.field(), Some("content"));
    assert!(error.to_string().contains("10241"), "{error}");
}

#[test]
fn a_long_text_is_several_messages() {
    let (first, last) = ("x".repeat(2000) + "\n", "y".repeat(2000));
    let messages = SendCustomerServiceMessage::split_text("o1", first.clone() + &last).unwrap();
    let texts = messages.iter().map(|message| {
        assert!(message.check().is_ok());
        serde_json::to_value(message).unwrap()["text"]["content"].clone()
    });
    assert_eq!(texts.collect::<Vec<_>>(), [json!(first), json!(last)]);
    assert_eq!(
        SendCustomerServiceMessage::split_text("o1", "short")
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        SendCustomerServiceMessage::split_text("o1", "x".repeat(10_240))
            .unwrap()
            .len(),
        5
    );
}

#[test]
fn typing_has_two_commands() {
    for (call, command) in [
        (SetTyping::start("o1"), "Typing"),
        (SetTyping::cancel("o1"), "CancelTyping"),
    ] {
        let body = json!({"touser": "o1", "command": command});
        assert_eq!(serde_json::to_value(&call).unwrap(), body);
    }
    let error = SetTyping::start("").check().unwrap_err();
    assert_eq!(error.field(), Some("touser"));
}
