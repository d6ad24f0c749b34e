//! The menu (自定义菜单) of an official account.

mod button;

pub use self::button::Button;

use http::Method;
use serde::{Deserialize, Serialize};

use super::{Done, Endpoint, lenient, limit};
use crate::error::Error;

/// Replaces the menu. Source: 创建自定义菜单 (`createCustomMenu`). Users see it within a day, or at
/// once after following the account again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::menu::{self, Button};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let menu = menu::CreateMenu::new([
///     Button::click("今日歌曲", "V1001_TODAY_MUSIC"),
///     Button::submenu("菜单", [
///         Button::view("搜索", "https://www.soso.com/"),
///         Button::of_kind("扫码", "scancode_push", "scan"),
///     ]),
/// ]);
/// app.call(menu).await?;
/// let current = app.call(menu::GetMenu::new()).await?;
/// assert_eq!(current.menu.button.len(), 2);
/// app.call(menu::DeleteMenu::new()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateMenu {
    button: Vec<Button>,
}

impl CreateMenu {
    /// Creates a menu of one to three buttons.
    pub fn new(buttons: impl IntoIterator<Item = Button>) -> Self {
        Self {
            button: buttons.into_iter().collect(),
        }
    }
}

impl Endpoint for CreateMenu {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/menu/create";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::count("button", self.button.len(), 1..=3)?;
        self.button.iter().try_for_each(Button::check_top)
    }
}

/// Fetches the current menu. Source: 获取自定义菜单配置 (`getMenu`). It is refused with 46003 if no
/// menu was made through the API.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::{ErrCode, api::menu};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// let none = app.call(menu::GetMenu::new()).await.unwrap_err();
/// assert_eq!(none.errcode(), Some(ErrCode::NO_MENU));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct GetMenu {}

impl GetMenu {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for GetMenu {
    type Response = Menus;
    const PATH: &'static str = "/cgi-bin/menu/get";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}

/// The menus of an account. Menus for some users only (个性化菜单) are not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Menus {
    /// The menu for all users.
    pub menu: Menu,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Menu {
    /// The buttons.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub button: Vec<Button>,
    /// The menu's id, if there are menus for some users only.
    #[serde(default, deserialize_with = "lenient::optional_number")]
    pub menuid: Option<u64>,
}

/// Removes all menus. Source: 删除自定义菜单 (`deleteMenu`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::menu;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
///
/// app.call(menu::DeleteMenu::new()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct DeleteMenu {}

impl DeleteMenu {
    /// Creates the call, which has no arguments.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Endpoint for DeleteMenu {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/menu/delete";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;
}
