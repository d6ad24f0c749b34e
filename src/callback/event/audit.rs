//! The review of a mini-program's code. Source: 代码审核结果推送.

view! {
    /// 审核通过: the code may be released.
    WeappAuditSuccess {
        /// When it passed, in seconds since the Unix epoch.
        succ_time: number u64 = "SuccTime";
    }
}

view! {
    /// 审核不通过: the code may not be released.
    WeappAuditFail {
        /// Why. It has HTML in it.
        reason: text = "Reason";
        /// When it failed, in seconds since the Unix epoch.
        fail_time: number u64 = "FailTime";
        /// What the reviewers saw: MediaIds with bars between them. See
        /// [`screenshots`](Self::screenshots).
        screen_shot: value = "ScreenShot";
    }
}

impl<'a> WeappAuditFail<'a> {
    /// What the reviewers saw, as the MediaIds of images.
    pub fn screenshots(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let ids = self.screen_shot().unwrap_or_default().split('|');
        ids.map(str::trim).filter(|id| !id.is_empty())
    }
}

view! {
    /// 审核延后: the review takes longer.
    WeappAuditDelay {
        /// Why. It has HTML in it.
        reason: text = "Reason";
        /// When it was put off, in seconds since the Unix epoch.
        delay_time: number u64 = "DelayTime";
    }
}
