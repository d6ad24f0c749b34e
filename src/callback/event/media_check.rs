//! The result of checking a picture or a recording. Source: 音视频内容安全识别 (异步).

view! {
    /// 异步检测结果: the result of checking a picture or a recording. The older interface reports
    /// [`is_risky`](Self::is_risky), the newer one [`suggest`](Self::suggest).
    WxaMediaCheck {
        /// The mini-program.
        appid: text = "appid";
        /// The id that the check call returned.
        trace_id: text = "trace_id";
        /// The version of the interface: 2, or absent.
        version: number u32 = "version";
        /// The platform's error code. The result is valid if it is 0.
        errcode: number i64 = "errcode";
        /// The platform's error message.
        errmsg: value = "errmsg";
        /// The suggested action.
        suggest: choice Suggest = "suggest" in "result";
        /// The detected category, as numbered by the platform. 100 is normal content.
        label: number u32 = "label" in "result";
        /// The results of the individual checks.
        details: list MediaCheckDetail = "detail";
        /// Whether the medium is risky, from the older interface.
        is_risky: flag = "isrisky";
        /// Additional data of the older interface, as JSON.
        extra_info_json: value = "extra_info_json";
        /// The status of the older interface: 0, or 4294966288 if the medium could not be
        /// downloaded.
        status_code: number i64 = "status_code";
    }
}

view! {
    /// The result of one check.
    part MediaCheckDetail {
        /// The kind of check, such as `content_model` or `keyword`.
        strategy: text = "strategy";
        /// The platform's error code. The result is valid if it is 0.
        errcode: number i64 = "errcode";
        /// The suggested action.
        suggest: choice Suggest = "suggest";
        /// The detected category, as numbered by the platform. 100 is normal content.
        label: number u32 = "label";
        /// The confidence, from 0 to 100.
        prob: number u32 = "prob";
        /// The keyword that was found.
        keyword: value = "keyword";
        /// The level of the keyword, as numbered by the platform.
        level: value = "level";
    }
}

choice! {
    /// The suggested action for a checked medium.
    Suggest {
        /// The medium may be shown.
        Pass = "pass";
        /// The medium needs a manual review.
        Review = "review";
        /// The medium must not be shown.
        Risky = "risky";
    }
}
