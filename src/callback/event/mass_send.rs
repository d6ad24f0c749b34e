//! What became of a message to many users. Source: 群发接口, 事件推送群发结果.

view! {
    /// 事件推送群发结果: what became of a message to many users.
    MassSendJobFinish {
        /// The id that the call to send it returned.
        msg_id: text = "MsgID";
        /// The id as a number.
        msg_id_u64: number u64 = "MsgID";
        /// What became of it, in the platform's words.
        status: text = "Status";
        /// How many users it was for.
        total_count: number u64 = "TotalCount";
        /// How many of them were left after those who do not take it, or have had four this
        /// month: `SentCount` + `ErrorCount`.
        filter_count: number u64 = "FilterCount";
        /// How many got it.
        sent_count: number u64 = "SentCount";
        /// How many it could not be delivered to.
        error_count: number u64 = "ErrorCount";
        /// What the check for copied articles says of all of them together, as the platform
        /// numbers it: 1 nothing copied, 2 copied and sent, 3 copied and not sent.
        copyright_check_state: number u32 = "CheckState" in "CopyrightCheckResult";
        /// What the check for copied articles says of each.
        copyright_results: list CopyrightResult = "ResultList" in "CopyrightCheckResult";
        /// Where the articles can be read.
        article_urls: list ArticleUrl = "ResultList" in "ArticleUrlResult";
    }
}

view! {
    /// What the check for copies (原创校验) says of one article.
    part CopyrightResult {
        /// Which article, counted from 1.
        article_idx: number u32 = "ArticleIdx";
        /// What the author declared it to be, as the platform numbers it.
        user_declare_state: number u32 = "UserDeclareState";
        /// What the check says, as the platform numbers it.
        audit_state: number u32 = "AuditState";
        /// The article that it is a copy of.
        original_article_url: value = "OriginalArticleUrl";
        /// The kind of that article, as the platform numbers it.
        original_article_type: number u32 = "OriginalArticleType";
        /// Whether it may be reprinted.
        can_reprint: flag = "CanReprint";
        /// Whether its content has to be replaced by the original's.
        need_replace_content: flag = "NeedReplaceContent";
        /// Whether it has to name its source.
        need_show_reprint_source: flag = "NeedShowReprintSource";
    }
}

view! {
    /// Where one article can be read.
    part ArticleUrl {
        /// Which article, counted from 1.
        article_idx: number u32 = "ArticleIdx";
        /// Its address.
        url: text = "ArticleUrl";
    }
}

/// What became of a message to many users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MassSendOutcome {
    /// It was sent. Some users may not have got it.
    Sent,
    /// It was not sent.
    Failed,
    /// It did not pass the review, for the reason that the platform gives this number, such as
    /// 10001 for advertising.
    Refused(u32),
    /// Something else: read [`MassSendJobFinish::status`].
    Unknown,
}

impl MassSendJobFinish<'_> {
    /// What became of it.
    pub fn outcome(&self) -> MassSendOutcome {
        // As in `err(10001, …)`: what follows the number was never documented.
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
