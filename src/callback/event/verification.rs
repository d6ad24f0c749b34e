//! The verification of an account (微信认证). Source: 微信认证事件推送.

view! {
    /// The account's verification succeeded, must be renewed, or expired.
    VerifyTerm {
        /// When the verification expires or expired, in seconds since the Unix epoch.
        expired_time: number u64 = "ExpiredTime";
    }
}

view! {
    /// The account's verification failed.
    VerifyFail {
        /// When it failed, in seconds since the Unix epoch.
        fail_time: number u64 = "FailTime";
        /// The reason.
        fail_reason: text = "FailReason";
    }
}
