//! Whether a picture or a recording may be shown. Source: 音视频内容安全识别 (异步).

view! {
    /// 异步检测结果: whether a picture or a recording may be shown. The older interface says so by
    /// [`is_risky`](Self::is_risky), the newer one by [`suggest`](Self::suggest).
    WxaMediaCheck {
        /// The mini-program.
        appid: text = "appid";
        /// The id that the call to check it returned.
        trace_id: text = "trace_id";
        /// The version of the interface: 2, or none.
        version: number u32 = "version";
        /// The platform's error code; the result counts if it is 0.
        errcode: number i64 = "errcode";
        /// What the platform says to it.
        errmsg: value = "errmsg";
        /// What to do.
        suggest: choice Suggest = "suggest" in "result";
        /// What it was found to be, as the platform numbers it: 100 nothing wrong.
        label: number u32 = "label" in "result";
        /// What each way of checking found.
        details: list MediaCheckDetail = "detail";
        /// Whether it may not be shown, by the older interface.
        is_risky: flag = "isrisky";
        /// More of the older interface, as JSON.
        extra_info_json: value = "extra_info_json";
        /// The status of the older interface: 0, or 4294966288 if the medium could not be loaded.
        status_code: number i64 = "status_code";
    }
}

view! {
    /// What one way of checking found.
    part MediaCheckDetail {
        /// The way, such as `content_model` or `keyword`.
        strategy: text = "strategy";
        /// The platform's error code; the result counts if it is 0.
        errcode: number i64 = "errcode";
        /// What to do.
        suggest: choice Suggest = "suggest";
        /// What it was found to be, as the platform numbers it: 100 nothing wrong.
        label: number u32 = "label";
        /// How sure it is, from 0 to 100.
        prob: number u32 = "prob";
        /// The word that was found.
        keyword: value = "keyword";
        /// The level of the word, as the platform numbers it.
        level: value = "level";
    }
}

choice! {
    /// What to do with a medium that was checked.
    Suggest {
        /// It may be shown.
        Pass = "pass";
        /// A person has to look at it.
        Review = "review";
        /// It may not be shown.
        Risky = "risky";
    }
}
