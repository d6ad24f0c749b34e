//! The bodies of control commands.

use serde::Deserialize;

use crate::app::AppId;

#[derive(Deserialize)]
pub(super) struct AppCommand {
    pub(super) appid: Option<AppId>,
}

#[derive(Deserialize)]
pub(super) struct PushCommand {
    pub(super) appid: Option<AppId>,
    pub(super) user: Option<String>,
    /// The callback URLs to push to, instead of the app's.
    #[serde(default)]
    pub(super) to: Vec<String>,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum What {
    Text {
        content: String,
    },
    Scan {
        scene: Option<String>,
        ticket: Option<String>,
    },
    Subscribe {
        scene: Option<String>,
    },
    Unsubscribe,
    Click {
        key: String,
    },
}

#[derive(Deserialize)]
pub(super) struct UserCommand {
    pub(super) nickname: String,
}

#[derive(Deserialize)]
pub(super) struct TemplateCommand {
    pub(super) appid: Option<AppId>,
    pub(super) title: String,
    pub(super) content: String,
    #[serde(default)]
    pub(super) subscribe: bool,
}

#[derive(Deserialize)]
pub(super) struct MediaCommand {
    pub(super) appid: Option<AppId>,
}

#[derive(Deserialize)]
pub(super) struct CodeCommand {
    pub(super) appid: Option<AppId>,
    pub(super) user: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: CodeKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CodeKind {
    Login,
    Phone,
}

#[derive(Deserialize)]
pub(super) struct PageCommand {
    pub(super) appid: Option<AppId>,
    pub(super) page: String,
}

#[derive(Deserialize)]
pub(super) struct FailCommand {
    pub(super) path: String,
    pub(super) errcode: i64,
}

#[derive(Deserialize)]
pub(super) struct DelayCommand {
    pub(super) path: String,
    pub(super) millis: u64,
}

#[derive(Deserialize)]
pub(super) struct DropCommand {
    pub(super) path: String,
}
