//! Commands over HTTP, for whoever sits at a shell.

use std::time::Duration;

use ::http::{Response, StatusCode};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::Carrier;
use super::official::through;
use super::state::PEOPLE_MAX;
use super::{Attempt, Delivery, Push, Sandbox, User};
use crate::app::AppId;
use crate::error::ErrCode;

/// The most templates of an app that this page makes.
const TEMPLATES_MAX: usize = 1_000;

#[derive(Deserialize)]
struct PushCommand {
    appid: Option<AppId>,
    user: Option<String>,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum What {
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
struct UserCommand {
    nickname: String,
}

#[derive(Deserialize)]
struct TemplateCommand {
    appid: Option<AppId>,
    title: String,
    content: String,
    #[serde(default)]
    subscribe: bool,
}

#[derive(Deserialize)]
struct MediaCommand {
    appid: Option<AppId>,
}

#[derive(Deserialize)]
struct CodeCommand {
    appid: Option<AppId>,
    user: Option<String>,
    #[serde(rename = "type")]
    kind: CodeKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CodeKind {
    Login,
    Phone,
}

#[derive(Deserialize)]
struct PageCommand {
    appid: Option<AppId>,
    page: String,
}

#[derive(Deserialize)]
struct FailCommand {
    path: String,
    errcode: i64,
}

#[derive(Deserialize)]
struct DelayCommand {
    path: String,
    millis: u64,
}

#[derive(Deserialize)]
struct DropCommand {
    path: String,
}

/// A command that cannot be followed, and why.
struct Refused(StatusCode, String);

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        let why = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("a command is sent with POST, and its body is JSON: {error}"),
        };
        Self(StatusCode::BAD_REQUEST, why)
    }
}

impl Sandbox {
    pub(super) async fn control(
        &self,
        command: &str,
        body: &[u8],
        carrier: Option<Carrier>,
    ) -> Response<Bytes> {
        let (status, answer) = match self.follow(command, body, carrier).await {
            Ok(answer) => (StatusCode::OK, answer),
            Err(Refused(status, error)) => (status, json!({ "error": error })),
        };
        let mut response = Response::new(Bytes::from(format!("{answer}\n")));
        *response.status_mut() = status;
        response
    }

    async fn follow(
        &self,
        command: &str,
        body: &[u8],
        carrier: Option<Carrier>,
    ) -> Result<Value, Refused> {
        match command {
            "push" => {
                self.push_command(serde_json::from_slice(body)?, carrier)
                    .await
            }
            "user" => self.user_command(serde_json::from_slice(body)?),
            "template" => self.template_command(serde_json::from_slice(body)?),
            "media" => {
                let MediaCommand { appid } = serde_json::from_slice(body)?;
                let media_id = self.add_media(&appid.unwrap_or_else(|| self.appid()));
                Ok(json!({ "media_id": media_id }))
            }
            "code" => {
                let CodeCommand { appid, user, kind } = serde_json::from_slice(body)?;
                let user = self.named(user.as_deref(), appid.as_ref())?;
                let code = match kind {
                    CodeKind::Login => user.login_code(),
                    CodeKind::Phone => user.phone_code(),
                };
                Ok(json!({ "code": code }))
            }
            "page" => {
                let PageCommand { appid, page } = serde_json::from_slice(body)?;
                self.publish_page(&appid.unwrap_or_else(|| self.appid()), page);
                Ok(json!({}))
            }
            "fail" => {
                let FailCommand { path, errcode } = serde_json::from_slice(body)?;
                self.fail_next(&path, ErrCode::new(errcode));
                Ok(json!({}))
            }
            "delay" => {
                let DelayCommand { path, millis } = serde_json::from_slice(body)?;
                self.delay_next(&path, Duration::from_millis(millis));
                Ok(json!({}))
            }
            "drop" => {
                let DropCommand { path } = serde_json::from_slice(body)?;
                self.drop_next(&path);
                Ok(json!({}))
            }
            "expire" => {
                self.expire_tokens();
                Ok(json!({}))
            }
            _ => Err(Refused(
                StatusCode::NOT_FOUND,
                "the commands are push, user, code, page, template, media, fail, delay, drop and \
                 expire"
                    .to_owned(),
            )),
        }
    }

    /// The user of a nickname or openid, or the first one, towards an app.
    fn named(&self, user: Option<&str>, appid: Option<&AppId>) -> Result<User, Refused> {
        let user = match user {
            Some(name) => self.state().find_user(name).ok_or_else(|| {
                Refused(StatusCode::NOT_FOUND, "there is no such user".to_owned())
            })?,
            None => super::account::PersonId(0),
        };
        let user = User::new(self.clone(), user);
        Ok(match appid {
            Some(appid) => user.at(appid),
            None => user,
        })
    }

    fn user_command(&self, command: UserCommand) -> Result<Value, Refused> {
        let full = {
            let state = self.state();
            state.people().len() >= PEOPLE_MAX && state.find_user(&command.nickname).is_none()
        };
        if full {
            return Err(Refused(
                StatusCode::CONFLICT,
                format!("there are {PEOPLE_MAX} users"),
            ));
        }
        let user = self.user(&command.nickname);
        Ok(json!({ "openid": user.openid(), "unionid": user.unionid() }))
    }

    fn template_command(&self, command: TemplateCommand) -> Result<Value, Refused> {
        let appid = command.appid.unwrap_or_else(|| self.appid());
        if self.templates(&appid) >= TEMPLATES_MAX {
            let error = format!("there are {TEMPLATES_MAX} templates");
            return Err(Refused(StatusCode::CONFLICT, error));
        }
        let (title, content) = (command.title, command.content);
        let template_id = match command.subscribe {
            true => self.add_subscribe_template(&appid, &title, &content),
            false => self.add_template(&appid, &title, &content),
        };
        Ok(json!({ "template_id": template_id }))
    }

    async fn push_command(
        &self,
        command: PushCommand,
        carrier: Option<Carrier>,
    ) -> Result<Value, Refused> {
        let carrier = carrier.ok_or_else(|| {
            let error = "this sandbox has no transport for its pushes: see push_through";
            Refused(StatusCode::NOT_IMPLEMENTED, error.to_owned())
        })?;
        let user = self.named(command.user.as_deref(), command.appid.as_ref())?;
        let push = match &command.what {
            What::Text { content } => Push::text(&user, content),
            What::Scan {
                ticket: Some(ticket),
                ..
            } => self.scanned(&user, ticket).ok_or_else(|| {
                let error = "there is no code of this ticket, or it has expired";
                Refused(StatusCode::NOT_FOUND, error.to_owned())
            })?,
            What::Scan {
                scene: Some(scene), ..
            } => Push::scan(&user, scene),
            What::Scan { .. } => {
                let error = "a scan needs a scene, or the ticket of a code".to_owned();
                return Err(Refused(StatusCode::BAD_REQUEST, error));
            }
            What::Subscribe { scene } => Push::subscribe(&user, scene.as_deref()),
            What::Unsubscribe => Push::unsubscribe(&user),
            What::Click { key } => Push::click(&user, key),
        };
        Ok(report(&self.push(push, through(carrier)).await))
    }
}

fn report(delivery: &Delivery) -> Value {
    let attempts: Vec<Value> = delivery.attempts.iter().map(attempt).collect();
    json!({ "answered": delivery.is_answered(), "attempts": attempts })
}

fn attempt(attempt: &Attempt) -> Value {
    match attempt {
        Attempt::Success => json!("success"),
        Attempt::Reply(reply) => json!({
            "type": reply.document().msg_type(),
            "text": reply.text(),
            "encrypted": reply.is_encrypted(),
        }),
        Attempt::Timeout => json!("no answer in time"),
        Attempt::Broken => json!("the connection broke"),
        Attempt::Status(status) => json!(format!("HTTP {status}")),
        Attempt::Invalid(why) => json!(why),
    }
}
