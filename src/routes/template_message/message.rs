//! The message in a request to `sendwxtemplatemsg`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, IgnoredAny};
use serde_json::value::RawValue;

use super::super::caller::required;
use super::super::failure::{Failure, RetCode};
use crate::api::template;
use crate::app::AppId;

/// A template message as the platform accepts it.
#[derive(Deserialize)]
pub(super) struct Message {
    touser: Option<String>,
    template_id: Option<String>,
    url: Option<String>,
    miniprogram: Option<MiniProgram>,
    client_msg_id: Option<String>,
    data: Option<BTreeMap<String, Keyword>>,
}

#[derive(Deserialize)]
struct MiniProgram {
    #[serde(default)]
    appid: String,
    // Menus name it `path`.
    #[serde(default, alias = "path", alias = "page")]
    pagepath: String,
}

/// The objects of a message, for the check of field names. Colors are accepted but ignored.
pub(super) const OBJECTS: &[(&str, &[&str])] = &[
    (
        "data",
        &[
            "touser",
            "template_id",
            "url",
            "miniprogram",
            "client_msg_id",
            "data",
            "topcolor",
        ],
    ),
    ("data.miniprogram", &["appid", "pagepath", "path", "page"]),
    ("data.data.*", &["value", "color"]),
];

#[derive(Deserialize)]
struct Keyword {
    #[serde(deserialize_with = "text")]
    value: String,
}

/// Deserializes a string, or a number with exactly the digits of the request, which `f64` could
/// lose.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let written = raw.get();
    match written.bytes().next() {
        Some(b'"') => serde_json::from_str(written).map_err(D::Error::custom),
        Some(b'-' | b'0'..=b'9') => Ok(written.to_owned()),
        _ => Err(D::Error::custom("not a string or a number")),
    }
}

impl Message {
    /// Reads the message from an object, or from a string that contains one.
    pub(super) fn read(data: Option<&RawValue>) -> Result<Self, Failure> {
        let written = data.map_or("", RawValue::get);
        match written.bytes().next() {
            Some(b'{') => parse(written),
            Some(b'"') => {
                let text: String = serde_json::from_str(written)
                    .map_err(|_| Failure::parameter("the string in data cannot be decoded"))?;
                let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim();
                if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
                    // The parser's message may quote a value.
                    return Err(Failure::parameter(format!(
                        "the string in data is not JSON at line {} column {}",
                        error.line(),
                        error.column()
                    )));
                }
                match text.starts_with('{') {
                    true => parse(text),
                    false => Err(Failure::parameter(
                        "the string in data does not contain an object",
                    )),
                }
            }
            _ => Err(Failure::parameter(
                "data is required: send the message as an object, or as a string that contains its \
                 JSON",
            )),
        }
    }

    pub(super) fn send(
        self,
        openid: String,
        template_id: Option<String>,
    ) -> Result<template::SendTemplateMessage, Failure> {
        let template_id = one("template_id", template_id, self.template_id)?;
        let template_id = required("template_id", template_id)?;
        let openid = one("openid", Some(openid), self.touser)?.unwrap_or_default();
        let data = self.data.ok_or_else(|| {
            Failure::parameter(
                "data.data is required: send the keywords as {\"thing1\":{\"value\":\"…\"}}",
            )
        })?;
        let mut message = template::SendTemplateMessage::new(openid, template_id);
        for (keyword, Keyword { value }) in data {
            message = message.value(keyword, value);
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        if let Some(url) = given(self.url) {
            message = message.url(url);
        }
        // Callers without a mini-program may send one with an empty appid.
        if let Some(MiniProgram { appid, pagepath }) = self.miniprogram
            && !appid.is_empty()
        {
            let appid = AppId::new(appid);
            let appid = appid.map_err(|error| Failure::from_error(error, RetCode::PARAMETER))?;
            message = message.mini_program(appid, pagepath);
        }
        if let Some(id) = given(self.client_msg_id) {
            message = message.client_msg_id(id);
        }
        Ok(message)
    }
}

/// Returns a value that may be given next to the message or inside it. Both are allowed if equal.
fn one(
    field: &str,
    beside: Option<String>,
    inside: Option<String>,
) -> Result<Option<String>, Failure> {
    let given = |text: &String| !text.is_empty();
    match (beside.filter(given), inside.filter(given)) {
        (Some(beside), Some(inside)) if beside != inside => Err(Failure::parameter(format!(
            "{field} differs from its value inside data: send one of them"
        ))),
        (beside, inside) => Ok(beside.or(inside)),
    }
}

fn parse<T: DeserializeOwned>(document: &str) -> Result<T, Failure> {
    let mut deserializer = serde_json::Deserializer::from_str(document);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        Failure::parameter(format!(
            "field data.{path} is incomplete or of the wrong type"
        ))
    })
}
