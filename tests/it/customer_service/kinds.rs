//! Each kind of message, sent to the user.

use serde_json::json;
use tower::ServiceExt;
use tower_wechat::api::customer_service::{
    Article, Link, MiniProgramPage, MsgMenu, Music, SendCustomerServiceMessage, Video,
};
use tower_wechat::sandbox::{Push, Sandbox};

use super::{app, interact};

fn each(openid: &str, media_id: &str) -> [SendCustomerServiceMessage; 12] {
    let page = MiniProgramPage::new("title", "pages/index?a=b", media_id);
    [
        SendCustomerServiceMessage::text(openid, "hi"),
        SendCustomerServiceMessage::image(openid, media_id),
        SendCustomerServiceMessage::voice(openid, media_id),
        SendCustomerServiceMessage::video(openid, Video::new(media_id, media_id)),
        SendCustomerServiceMessage::music(
            openid,
            Music::new("https://example.com/a.mp3", media_id),
        ),
        SendCustomerServiceMessage::news(openid, Article::new("title", "https://example.com")),
        SendCustomerServiceMessage::mp_news(openid, media_id),
        SendCustomerServiceMessage::mp_news_article(openid, "A"),
        SendCustomerServiceMessage::msg_menu(openid, MsgMenu::new("Well?").item("1", "Yes")),
        SendCustomerServiceMessage::wx_card(openid, "C"),
        SendCustomerServiceMessage::mini_program_page(openid, page),
        SendCustomerServiceMessage::link(openid, Link::new("title", "https://example.com")),
    ]
}

#[tokio::test]
async fn every_kind_reaches_the_user() {
    let sandbox = Sandbox::new();
    let (app, user) = (app(&sandbox), sandbox.user("Hui"));
    let media_id = sandbox.add_media(app.appid());
    for message in each(&user.openid(), &media_id) {
        interact(&sandbox, Push::text(&user, "hi")).await;
        let sent = serde_json::to_value(&message).unwrap();
        app.call(message).await.unwrap();
        assert_eq!(user.received().last(), Some(&sent));
    }
}

#[tokio::test]
async fn the_platform_rejects_a_message_without_a_required_field() {
    let sandbox = Sandbox::new();
    let user = sandbox.user("Hui");
    interact(&sandbox, Push::text(&user, "hi")).await;
    let token = app(&sandbox).token().await.unwrap();
    let uri = format!(
        "/cgi-bin/message/custom/send?access_token={}",
        token.secret().expose()
    );
    for (kind, content, code) in [
        ("text", json!({"content": ""}), 44004),
        ("text", json!({"content": "x".repeat(2049)}), 45002),
        ("image", json!({}), 47001),
        ("mpnews", json!({"media_id": ""}), 40007),
        (
            "miniprogrampage",
            json!({"title": "t", "pagepath": "p", "thumb_media_id": ""}),
            40007,
        ),
        ("mpnewsarticle", json!({"media_id": "M"}), 47001),
        ("wxcard", json!({"card_id": ""}), 40097),
        ("msgmenu", json!({"head_content": "h", "list": []}), 47001),
        ("msgmenu", json!({"list": [{"id": "1"}]}), 47001),
        ("link", json!({"title": "t"}), 47001),
        ("poem", json!({}), 40008),
    ] {
        let body = json!({"touser": user.openid(), "msgtype": kind, kind: content});
        let request = http::Request::post(&uri).body(body.to_string().into());
        let response = sandbox.clone().oneshot(request.unwrap()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(answer["errcode"], code, "{body}");
    }
    assert!(user.received().is_empty());
}
