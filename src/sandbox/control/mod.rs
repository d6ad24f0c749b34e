//! Control commands over HTTP, for use from a shell.

mod command;
mod push;
mod refused;

use std::time::Duration;

use ::http::{Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

use self::command::{
    AppCommand, CodeCommand, CodeKind, DelayCommand, DropCommand, FailCommand, MediaCommand,
    PageCommand, TemplateCommand, UserCommand,
};
use self::refused::Refused;
use super::directory::PersonId;
use super::handle::{Sandbox, User};
use super::push::Carrier;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::secret::Secret;

/// The `user` command is refused once this many users exist.
const PEOPLE_MAX: usize = 10_000;

/// The `template` command is refused once an app has this many templates.
const TEMPLATES_MAX: usize = 1_000;

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
            "app" => {
                let AppCommand { appid } = serde_json::from_slice(body)?;
                self.app_command(appid)
            }
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
            "fail" | "delay" | "drop" if self.state().faults.are_full() => {
                let error = "too many faults wait for their calls".to_owned();
                Err(Refused(StatusCode::CONFLICT, error))
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
                "unknown command: expected app, push, user, code, page, template, media, fail, delay, \
                 drop or expire"
                    .to_owned(),
            )),
        }
    }

    /// Returns the user with a nickname or OpenID, for an app. Defaults to the first user and app.
    fn named(&self, user: Option<&str>, appid: Option<&AppId>) -> Result<User, Refused> {
        let user = match user {
            Some(name) => self
                .state()
                .directory
                .find_user(name)
                .ok_or_else(|| Refused(StatusCode::NOT_FOUND, "unknown user".to_owned()))?,
            None => PersonId::FIRST,
        };
        let user = User::new(self.clone(), user);
        Ok(match appid {
            Some(appid) => user.at(appid),
            None => user,
        })
    }

    fn app_command(&self, appid: Option<AppId>) -> Result<Value, Refused> {
        let appid = appid.unwrap_or_else(|| self.appid());
        let state = self.state();
        let account = state.directory.account(appid.as_str());
        let account =
            account.ok_or_else(|| Refused(StatusCode::NOT_FOUND, "unknown app".to_owned()))?;
        let [secret, token, encoding_aes_key] = account.credentials().map(Secret::expose);
        Ok(json!({
            "appid": appid,
            "secret": secret,
            "token": token,
            "encoding_aes_key": encoding_aes_key,
        }))
    }

    fn user_command(&self, command: UserCommand) -> Result<Value, Refused> {
        let full = {
            let directory = &self.state().directory;
            let known = directory.find_user(&command.nickname).is_some();
            !known && directory.population() >= PEOPLE_MAX
        };
        if full {
            return Err(Refused(
                StatusCode::CONFLICT,
                format!("the limit of {PEOPLE_MAX} users is reached"),
            ));
        }
        let user = self.user(&command.nickname);
        Ok(json!({ "openid": user.openid(), "unionid": user.unionid() }))
    }

    fn template_command(&self, command: TemplateCommand) -> Result<Value, Refused> {
        let appid = command.appid.unwrap_or_else(|| self.appid());
        if self.templates(&appid) >= TEMPLATES_MAX {
            let error = format!("the limit of {TEMPLATES_MAX} templates is reached");
            return Err(Refused(StatusCode::CONFLICT, error));
        }
        let (title, content) = (command.title, command.content);
        let template_id = match command.subscribe {
            true => self.add_subscribe_template(&appid, &title, &content),
            false => self.add_template(&appid, &title, &content),
        };
        Ok(json!({ "template_id": template_id }))
    }
}
