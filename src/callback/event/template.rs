//! The result of sending a template message. Source: 模板消息, 事件推送.

view! {
    /// 模板消息发送结果: the result of sending a template message.
    TemplateSendJobFinish {
        /// The id that the send call returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// The status text of the platform.
        status: text = "Status";
    }
}

/// The outcome of a template message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemplateOutcome {
    /// The message was delivered.
    Delivered,
    /// The user blocks messages of this account.
    UserBlocked,
    /// The platform failed to deliver the message.
    SystemFailed,
    /// Another status: see [`TemplateSendJobFinish::status`].
    Unknown,
}

impl TemplateSendJobFinish<'_> {
    /// Returns the outcome, parsed from the status.
    pub fn outcome(&self) -> TemplateOutcome {
        let status = self.status().trim();
        // The platform does not always write a space after the colon.
        let failure = status.strip_prefix("failed:").map(str::trim_start);
        match failure {
            Some(reason) if reason.starts_with("user block") => TemplateOutcome::UserBlocked,
            Some(reason) if reason.starts_with("system failed") => TemplateOutcome::SystemFailed,
            None if status.starts_with("success") => TemplateOutcome::Delivered,
            _ => TemplateOutcome::Unknown,
        }
    }
}
