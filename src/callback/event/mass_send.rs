//! The result of a mass message. Source: 群发接口, 事件推送群发结果.

view! {
    /// 事件推送群发结果: the result of a mass message.
    MassSendJobFinish {
        /// The id that the send call returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// The status text of the platform.
        status: text = "Status";
        /// The number of addressed users.
        total_count: number u64 = "TotalCount";
        /// The number of users after filtering out those who refuse messages or have received four
        /// this month: `SentCount` + `ErrorCount`.
        filter_count: number u64 = "FilterCount";
        /// The number of users who received the message.
        sent_count: number u64 = "SentCount";
        /// The number of failed deliveries.
        error_count: number u64 = "ErrorCount";
        /// The combined result of the originality check, as numbered by the platform: 1 nothing
        /// copied, 2 copied and sent, 3 copied and not sent.
        copyright_check_state: number u32 = "CheckState" in "CopyrightCheckResult";
        /// The result of the originality check for each article.
        copyright_results: list CopyrightResult = "ResultList" in "CopyrightCheckResult";
        /// The URLs of the articles.
        article_urls: list ArticleUrl = "ResultList" in "ArticleUrlResult";
    }
}

view! {
    /// The result of the originality check (原创校验) for one article.
    part CopyrightResult {
        /// The position of the article, counted from 1.
        article_idx: number u32 = "ArticleIdx";
        /// The author's declaration, as numbered by the platform.
        user_declare_state: number u32 = "UserDeclareState";
        /// The result of the check, as numbered by the platform.
        audit_state: number u32 = "AuditState";
        /// The URL of the original article.
        original_article_url: value = "OriginalArticleUrl";
        /// The type of the original article, as numbered by the platform.
        original_article_type: number u32 = "OriginalArticleType";
        /// Whether the article may be reprinted.
        can_reprint: flag = "CanReprint";
        /// Whether the content must be replaced by the original's.
        need_replace_content: flag = "NeedReplaceContent";
        /// Whether the article must name its source.
        need_show_reprint_source: flag = "NeedShowReprintSource";
    }
}

view! {
    /// The URL of one article.
    part ArticleUrl {
        /// The position of the article, counted from 1.
        article_idx: number u32 = "ArticleIdx";
        /// The URL.
        url: text = "ArticleUrl";
    }
}

/// The outcome of a mass message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MassSendOutcome {
    /// The message was sent. Some users may not have received it.
    Sent,
    /// Sending failed.
    Failed,
    /// The message did not pass the review. The number is the platform's reason, such as 10001 for
    /// advertising.
    Refused(u32),
    /// Another status: see [`MassSendJobFinish::status`].
    Unknown,
}

impl MassSendJobFinish<'_> {
    /// Returns the outcome, parsed from the status.
    pub fn outcome(&self) -> MassSendOutcome {
        // Such as `err(10001, …)`. The text after the number is undocumented.
        let number = |text: &str| {
            text.split(|it: char| !it.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        };
        match self.status().trim() {
            "send success" | "sendsuccess" => MassSendOutcome::Sent,
            "send fail" | "sendfail" => MassSendOutcome::Failed,
            status => status
                .strip_prefix("err(")
                .and_then(number)
                .map_or(MassSendOutcome::Unknown, MassSendOutcome::Refused),
        }
    }
}
