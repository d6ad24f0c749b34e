//! Menus.

use serde_json::json;
use tower_wechat::AppId;
use tower_wechat::api::menu::{Button, CreateMenu, DeleteMenu, GetMenu};

use super::{platform, refused_here, refused_there};

#[tokio::test]
async fn a_menu_is_created_read_and_deleted() {
    let platform = platform();
    let app = &platform.app;
    let error = refused_there(app.call(GetMenu::new()).await, 46003);
    let hint = "the account has no menu made through the API";
    assert_eq!(error.hint(), Some(hint));
    let buttons = [
        Button::click("今日歌曲", "V1001"),
        Button::submenu(
            "菜单",
            [
                Button::view("搜索", "https://www.soso.com/?q=<a>&b"),
                Button::mini_program("小程序", AppId::new("wxmini").unwrap(), "p", "https://x"),
                Button::of_kind("扫码", "scancode_push", "scan"),
                Button::media("图片", "M1"),
            ],
        ),
    ];
    app.call(CreateMenu::new(buttons.clone())).await.unwrap();
    assert_eq!(
        platform.body("/cgi-bin/menu/create")["button"][1]["sub_button"][1],
        json!({"name": "小程序", "type": "miniprogram", "appid": "wxmini", "pagepath": "p",
               "url": "https://x"})
    );
    assert_eq!(app.call(GetMenu::new()).await.unwrap().menu.button, buttons);
    app.call(DeleteMenu::new()).await.unwrap();
    refused_there(app.call(GetMenu::new()).await, 46003);
}

#[tokio::test]
async fn limits_are_checked_before_anything_is_sent() {
    let platform = platform();
    let click = |name: &str| Button::click(name, "k");
    let subs = |count: usize| Button::submenu("m", vec![click("x"); count]);
    let cases = [
        (vec![], "button", ["1 to 3", "it has 0"]),
        (vec![click("x"); 4], "button", ["1 to 3", "it has 4"]),
        (
            vec![click("今日歌曲排行")],
            "button.name",
            ["1 to 16 bytes", "it has 18"],
        ),
        (vec![subs(6)], "button.sub_button", ["1 to 5", "it has 6"]),
        (
            vec![Button::submenu("m", [])],
            "button.sub_button",
            ["1 to 5", "it has 0"],
        ),
        (
            vec![Button::submenu("m", [click(&"x".repeat(61))])],
            "button.sub_button.name",
            ["1 to 60 bytes", "it has 61"],
        ),
        (
            vec![Button::click("x", "k".repeat(129))],
            "button.key",
            ["1 to 128 bytes", "it has 129"],
        ),
        (
            vec![Button::view("x", "u".repeat(1025))],
            "button.url",
            ["1 to 1024 bytes", "it has 1025"],
        ),
        (
            vec![Button::submenu("m", [subs(1)])],
            "button.sub_button",
            ["must be empty", ""],
        ),
        (vec![Button::media("m", "")], "button.media_id", ["", ""]),
    ];
    for (buttons, field, parts) in cases {
        let error = platform
            .app
            .call(CreateMenu::new(buttons))
            .await
            .unwrap_err();
        refused_here(&error, field, &parts);
    }
    assert_eq!(platform.sandbox.calls("/cgi-bin/menu/create"), 0);
}

#[tokio::test]
async fn the_sandbox_rejects_what_the_platform_rejects() {
    use http::Request;
    use tower::ServiceExt;
    let platform = platform();
    let token = platform.app.token().await.unwrap();
    let button = |name: &str| json!({"name": name, "type": "click", "key": "k"});
    let cases = [
        (json!({}), 40015),
        (json!({"button": []}), 40016),
        (json!({"button": [{"name": "x"}]}), 40017),
        (json!({"button": [button(&"x".repeat(17))]}), 40018),
        (json!({"button": [{"name": "x", "type": "click"}]}), 40019),
        (json!({"button": [{"name": "x", "type": "view"}]}), 40020),
        (
            json!({"button": [{"name": "x", "sub_button": vec![button("x"); 6]}]}),
            40023,
        ),
        (
            json!({"button": [{"name": "x", "sub_button": [{"name": "x"}]}]}),
            40024,
        ),
    ];
    for (menu, errcode) in cases {
        let target = format!(
            "/cgi-bin/menu/create?access_token={}",
            token.secret().expose()
        );
        let request = Request::post(target).body(menu.to_string().into()).unwrap();
        let response = platform.sandbox.clone().oneshot(request).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(answer["errcode"], errcode, "{menu}");
    }
}
