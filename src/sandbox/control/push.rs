//! The `push` command.

use ::http::StatusCode;
use serde_json::{Value, json};

use super::command::{PushCommand, What};
use super::refused::Refused;
use crate::sandbox::handle::Sandbox;
use crate::sandbox::push::{Attempt, Carrier, Delivery, Push, through};

/// The maximum number of addresses that one command pushes to.
const TARGETS_MAX: usize = 16;

impl Sandbox {
    pub(super) async fn push_command(
        &self,
        command: PushCommand,
        carrier: Option<Carrier>,
    ) -> Result<Value, Refused> {
        let carrier = carrier.ok_or_else(|| {
            let error = "no push transport is set: see SandboxHttp::push_through";
            Refused(StatusCode::NOT_IMPLEMENTED, error.to_owned())
        })?;
        let user = self.named(command.user.as_deref(), command.appid.as_ref())?;
        let push = match &command.what {
            What::Text { content } => Push::text(&user, content),
            What::Scan {
                ticket: Some(ticket),
                ..
            } => self.scanned(&user, ticket).ok_or_else(|| {
                let error = "the ticket is unknown or expired";
                Refused(StatusCode::NOT_FOUND, error.to_owned())
            })?,
            What::Scan {
                scene: Some(scene), ..
            } => Push::scan(&user, scene),
            What::Scan { .. } => {
                let error = "a scan requires a scene or the ticket of a code".to_owned();
                return Err(Refused(StatusCode::BAD_REQUEST, error));
            }
            What::Subscribe { scene } => Push::subscribe(&user, scene.as_deref()),
            What::Unsubscribe => Push::unsubscribe(&user),
            What::Click { key } => Push::click(&user, key),
        };
        if command.to.len() > TARGETS_MAX {
            let error = format!("to must have at most {TARGETS_MAX} addresses");
            return Err(Refused(StatusCode::BAD_REQUEST, error));
        }
        let delivery = match &*command.to {
            [] => self.push(push, through(carrier)).await,
            urls => self.push_to(push, urls, through(carrier)).await,
        };
        Ok(report(&delivery))
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
