//! The followers (用户管理) of an official account.

mod list;

pub use self::list::{ListFollowers, Page};

use http::Method;
use serde::{Deserialize, Serialize};

pub use super::oauth::Lang;
use super::{Done, Endpoint, lenient, limit};
use crate::error::Error;

/// Fetches what the account knows about a user. Source: 获取用户基本信息 (`userInfo`).
///
/// It does not include the nickname and the picture: see
/// [`oauth::GetUserInfo`](super::oauth::GetUserInfo).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::user;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let follower = sandbox.user("Hui");
/// # follower.set_follows(true);
/// # let openid = follower.openid();
///
/// app.call(user::UpdateRemark::new(&openid, "regular guest")).await?;
/// let user = app.call(user::GetUser::new(openid)).await?;
/// assert!(user.subscribe);
/// assert_eq!(user.remark, "regular guest");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GetUser {
    openid: String,
    lang: Lang,
}

impl GetUser {
    /// Creates the query for one user.
    pub fn new(openid: impl Into<String>) -> Self {
        Self {
            openid: openid.into(),
            lang: Lang::default(),
        }
    }

    /// Sets the language of the place names. Defaults to simplified Chinese.
    #[must_use]
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }
}

impl Endpoint for GetUser {
    type Response = User;
    const PATH: &'static str = "/cgi-bin/user/info";
    const METHOD: Method = Method::GET;
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::given("openid", &self.openid)
    }
}

/// Fetches what the account knows about up to 100 users. Source: 批量获取用户基本信息
/// (`batchUserInfo`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::user;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # sandbox.user("Hui").set_follows(true);
///
/// let page = app.call(user::ListFollowers::new()).await?;
/// let users = app.call(user::BatchGetUsers::new(page.openids().to_vec())).await?;
/// assert_eq!(users.user_info_list.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct BatchGetUsers {
    user_list: Vec<GetUser>,
}

impl BatchGetUsers {
    /// Creates the query for 1 to 100 users.
    pub fn new(openids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            user_list: openids.into_iter().map(GetUser::new).collect(),
        }
    }
}

impl Endpoint for BatchGetUsers {
    type Response = Users;
    const PATH: &'static str = "/cgi-bin/user/info/batchget";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::count("user_list", self.user_list.len(), 1..=100)?;
        self.user_list.iter().try_for_each(GetUser::check)
    }
}

/// The response to [`BatchGetUsers`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Users {
    /// The users, in the order of the query.
    #[serde(deserialize_with = "lenient::or_default")]
    pub user_info_list: Vec<User>,
}

/// What the account knows about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Whether the user follows the account. If not, the fields about the user are empty.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub subscribe: bool,
    /// The user's id in this app.
    #[serde(deserialize_with = "lenient::required")]
    pub openid: String,
    /// The user's id across all apps of one Open Platform account, if the app is bound to one.
    #[serde(default, deserialize_with = "lenient::text")]
    pub unionid: Option<String>,
    /// The time when the user last followed the account, in seconds since the Unix epoch.
    #[serde(default, deserialize_with = "lenient::number")]
    pub subscribe_time: u64,
    /// The account's note about the user.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub remark: String,
    /// The ids of the user's tags.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub tagid_list: Vec<u32>,
    /// How the user came to follow the account, such as `ADD_SCENE_QR_CODE`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub subscribe_scene: String,
    /// The numeric scene of the QR code through which the user came, or 0 if there is none.
    #[serde(default, deserialize_with = "lenient::number")]
    pub qr_scene: u32,
    /// The text scene of the QR code through which the user came.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub qr_scene_str: String,
    /// The language of the user's WeChat. It is usually empty.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub language: String,
}

/// Sets the note about a user. Source: 设置用户备注名 (`updateRemark`).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_wechat::Error> {
/// use tower_wechat::api::user;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let app = sandbox.wechat().app(sandbox.appid())?;
/// # let openid = sandbox.user("Hui").openid();
///
/// app.call(user::UpdateRemark::new(openid, "regular guest")).await?;
/// let long = user::UpdateRemark::new("o", "a note of thirty or more characters");
/// assert_eq!(app.call(long).await.unwrap_err().field(), Some("remark"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct UpdateRemark {
    openid: String,
    remark: String,
}

impl UpdateRemark {
    /// Creates the call with a note of less than 30 characters. An empty one removes the note.
    pub fn new(openid: impl Into<String>, remark: impl Into<String>) -> Self {
        Self {
            openid: openid.into(),
            remark: remark.into(),
        }
    }
}

impl Endpoint for UpdateRemark {
    type Response = Done;
    const PATH: &'static str = "/cgi-bin/user/info/updateremark";
    const REPEATABLE: bool = true;

    fn check(&self) -> Result<(), Error> {
        limit::given("openid", &self.openid)?;
        limit::chars("remark", &self.remark, 0..=29)
    }
}
