//! Fields that template and subscribe messages share.

use serde::Serialize;

use super::keyword::{self, Keyword, Keywords};
use super::limit;
use crate::app::AppId;
use crate::error::Error;

/// A message to one user from a template.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Templated {
    touser: String,
    template_id: String,
    data: Keywords,
    #[serde(skip)]
    strict: bool,
}

impl Templated {
    pub(super) fn new(touser: impl Into<String>, template_id: impl Into<String>) -> Self {
        Self {
            touser: touser.into(),
            template_id: template_id.into(),
            data: Keywords::new(),
            strict: false,
        }
    }

    pub(super) fn value(&mut self, keyword: impl Into<String>, value: impl Into<String>) {
        self.data.insert(keyword.into(), Keyword::new(value));
    }

    /// Makes [`check`](Self::check) also check the values.
    pub(super) fn strict(&mut self) {
        self.strict = true;
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        limit::given("touser", &self.touser)?;
        limit::given("template_id", &self.template_id)?;
        if self.strict {
            keyword::check(&self.data)?;
        }
        Ok(())
    }
}

/// A mini-program that a message opens.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MiniProgram {
    appid: AppId,
    #[serde(skip_serializing_if = "String::is_empty")]
    pagepath: String,
}

impl MiniProgram {
    pub(super) fn new(appid: AppId, pagepath: impl Into<String>) -> Self {
        let pagepath = pagepath.into();
        Self { appid, pagepath }
    }
}
