//! The verification of the account (微信认证). Source: 微信认证事件推送.

view! {
    /// The account's verification passed, is to be renewed, or ran out.
    VerifyTerm {
        /// Until when it is valid, or when it ran out, in seconds since the Unix epoch.
        expired_time: number u64 = "ExpiredTime";
    }
}

view! {
    /// The account's verification did not pass.
    VerifyFail {
        /// When, in seconds since the Unix epoch.
        fail_time: number u64 = "FailTime";
        /// Why.
        fail_reason: text = "FailReason";
    }
}
