//! The review of a mini-program's code. Source: 代码审核结果推送.

view! {
    /// 审核通过: the code passed the review.
    WeappAuditSuccess {
        /// When it passed, in seconds since the Unix epoch.
        succ_time: number u64 = "SuccTime";
    }
}

view! {
    /// 审核不通过: the code did not pass the review.
    WeappAuditFail {
        /// The reason. It contains HTML.
        reason: text = "Reason";
        /// When it failed, in seconds since the Unix epoch.
        fail_time: number u64 = "FailTime";
        /// The screenshots, as MediaIds separated by `|`. See [`screenshots`](Self::screenshots).
        screen_shot: value = "ScreenShot";
    }
}

impl<'a> WeappAuditFail<'a> {
    /// Returns the MediaIds of the screenshots.
    pub fn screenshots(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let ids = self.screen_shot().unwrap_or_default().split('|');
        ids.map(str::trim).filter(|id| !id.is_empty())
    }
}

view! {
    /// 审核延后: the review is delayed.
    WeappAuditDelay {
        /// The reason. It contains HTML.
        reason: text = "Reason";
        /// When it was delayed, in seconds since the Unix epoch.
        delay_time: number u64 = "DelayTime";
    }
}
