//! What became of a template message. Source: 模板消息, 事件推送.

view! {
    /// 模板消息发送结果: what became of a template message.
    TemplateSendJobFinish {
        /// The id that the call to send it returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// What became of it, in the platform's words.
        status: text = "Status";
    }
}

/// What became of a template message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemplateOutcome {
    /// It was delivered.
    Delivered,
    /// The user refuses messages of this account.
    UserBlocked,
    /// The platform failed to deliver it.
    SystemFailed,
    /// Something else: read [`TemplateSendJobFinish::status`].
    Unknown,
}

impl TemplateSendJobFinish<'_> {
    /// What became of it.
    pub fn outcome(&self) -> TemplateOutcome {
        let status = self.status().trim();
        // The space after the colon comes and goes.
        let failure = status.strip_prefix("failed:").map(str::trim_start);
        match failure {
            Some(reason) if reason.starts_with("user block") => TemplateOutcome::UserBlocked,
            Some(reason) if reason.starts_with("system failed") => TemplateOutcome::SystemFailed,
            None if status.starts_with("success") => TemplateOutcome::Delivered,
            _ => TemplateOutcome::Unknown,
        }
    }
}
