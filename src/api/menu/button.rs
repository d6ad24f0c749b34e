//! Buttons of a menu.

use serde::{Deserialize, Serialize};

use super::super::{lenient, limit};
use crate::app::AppId;
use crate::error::Error;

/// A button of a menu, or a submenu of up to five buttons.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Button {
    /// The label: at most 16 bytes in the menu bar, 60 in a submenu. A Chinese character takes
    /// three bytes.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// The action of a tap: `click`, `view`, `miniprogram`, `scancode_push`, `scancode_waitmsg`,
    /// `pic_sysphoto`, `pic_photo_or_album`, `pic_weixin`, `location_select`, `media_id`,
    /// `article_id` and so on. `None` for a submenu.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The key in the push for a tap, at most 128 bytes.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The URL of the page that is opened, at most 1024 bytes.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The material that is sent, for `media_id`.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// The article that is opened, for `article_id` or `article_view_limited`.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
    /// The mini-program that is opened.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The page of the mini-program.
    #[serde(default, deserialize_with = "lenient::text")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
    /// The buttons of a submenu.
    #[serde(default, deserialize_with = "lenient::or_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_button: Vec<Button>,
}

impl Button {
    /// Creates a button whose tap is pushed with `key`.
    pub fn click(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self::of_kind(name, "click", key)
    }

    /// Creates a button that opens a page.
    pub fn view(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Some("view".to_owned()),
            url: Some(url.into()),
            ..Self::default()
        }
    }

    /// Creates a button that opens a mini-program, or `url` if the WeChat client is too old for it.
    pub fn mini_program(
        name: impl Into<String>,
        appid: AppId,
        pagepath: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        Self {
            kind: Some("miniprogram".to_owned()),
            appid: Some(appid.to_string()),
            pagepath: Some(pagepath.into()),
            ..Self::view(name, url)
        }
    }

    /// Creates a button of another kind that has a key, such as `scancode_push`.
    pub fn of_kind(
        name: impl Into<String>,
        kind: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            kind: Some(kind.into()),
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// Creates a button that sends a material.
    pub fn media(name: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Some("media_id".to_owned()),
            media_id: Some(media_id.into()),
            ..Self::default()
        }
    }

    /// Creates a submenu of one to five buttons.
    pub fn submenu(name: impl Into<String>, buttons: impl IntoIterator<Item = Button>) -> Self {
        Self {
            name: name.into(),
            sub_button: buttons.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(super) fn check_top(&self) -> Result<(), Error> {
        limit::bytes("button.name", &self.name, 1..=16)?;
        if self.kind.is_some() {
            return self.check_tap();
        }
        limit::count("button.sub_button", self.sub_button.len(), 1..=5)?;
        for button in &self.sub_button {
            limit::bytes("button.sub_button.name", &button.name, 1..=60)?;
            button.check_tap()?;
        }
        Ok(())
    }

    fn check_tap(&self) -> Result<(), Error> {
        if !self.sub_button.is_empty() {
            let message = "must be empty in a button that has an action or is in a submenu";
            return Err(Error::input("button.sub_button", message));
        }
        let given = |value: &Option<String>| value.as_deref().unwrap_or_default().to_owned();
        let (key, url) = (given(&self.key), given(&self.url));
        match self.kind.as_deref().unwrap_or_default() {
            "" => Err(Error::input(
                "button.type",
                "is missing: a button outside the menu bar must have an action",
            )),
            "view" => limit::bytes("button.url", &url, 1..=1024),
            "miniprogram" => {
                limit::bytes("button.url", &url, 1..=1024)?;
                limit::given("button.appid", &given(&self.appid))?;
                limit::given("button.pagepath", &given(&self.pagepath))
            }
            "media_id" | "view_limited" => limit::given("button.media_id", &given(&self.media_id)),
            "article_id" | "article_view_limited" => {
                limit::given("button.article_id", &given(&self.article_id))
            }
            _ => limit::bytes("button.key", &key, 1..=128),
        }
    }
}
