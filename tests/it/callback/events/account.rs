//! Events about the account, its articles, its customer service and its users' data.

use super::*;

golden!(kf_create_session: KfCreateSession = "kf_create_session"
    { KfAccount: "a1@shop" } => |view| {
    assert_eq!(view.kf_account(), "a1@shop");
});

golden!(kf_close_session: KfCloseSession = "kf_close_session"
    { KfAccount: "a1@shop", CloseType: "KF" } => |view| {
    assert_eq!((view.kf_account(), view.close_type()), ("a1@shop", Some("KF")));
});

golden!(kf_switch_session: KfSwitchSession = "kf_switch_session"
    { FromKfAccount: "a1@shop", ToKfAccount: "a2@shop" } => |view| {
    assert_eq!((view.from_kf_account(), view.to_kf_account()), ("a1@shop", "a2@shop"));
});

golden!(qualification_verify_success: QualificationVerifySuccess = "qualification_verify_success"
    { ExpiredTime: "1442401156" } => |view| {
    assert_eq!(view.expired_time(), Some(1442401156));
});

golden!(qualification_verify_fail: QualificationVerifyFail = "qualification_verify_fail"
    { FailTime: "1442401122", FailReason: "by time" } => |view| {
    assert_eq!((view.fail_time(), view.fail_reason()), (Some(1442401122), "by time"));
});

golden!(naming_verify_success: NamingVerifySuccess = "naming_verify_success"
    { ExpiredTime: "1442401093" } => |view| {
    assert_eq!(view.expired_time(), Some(1442401093));
});

golden!(naming_verify_fail: NamingVerifyFail = "naming_verify_fail"
    { FailTime: "1442401061", FailReason: "by time" } => |view| {
    assert_eq!((view.fail_time(), view.fail_reason()), (Some(1442401061), "by time"));
});

golden!(annual_renew: AnnualRenew = "annual_renew" { ExpiredTime: "1442401004" } => |view| {
    assert_eq!(view.expired_time(), Some(1442401004));
});

golden!(verify_expired: VerifyExpired = "verify_expired" { ExpiredTime: "1442400900" } => |view| {
    assert_eq!(view.expired_time(), Some(1442400900));
});

golden!(user_info_modified: UserInfoModified = "user_info_modified"
    { openid: "oU", appid: "wx13974bf780d3dc89" } => |view| {
    assert_eq!((view.openid(), view.appid()), ("oU", "wx13974bf780d3dc89"));
    assert_eq!((view.revoked(), view.union_id()), (None, None));
});

golden!(user_authorization_revoke: UserAuthorizationRevoke = "user_authorization_revoke"
    { OpenID: "oU", AppID: "wx13974bf780d3dc89", RevokeInfo: "202", UnionID: "u", PluginID: "wxp", OpenPID: "p" } => |view| {
    assert_eq!((view.openid(), view.appid()), ("oU", "wx13974bf780d3dc89"));
    assert_eq!((view.revoked(), view.revoke_info()), (Some(RevokedInfo::WebInvoice), Some("202")));
    assert_eq!((view.union_id(), view.plugin_id(), view.open_pid()), (Some("u"), Some("wxp"), Some("p")));
});

golden!(another_withdrawn_kind_of_data: UserAuthorizationRevoke = "user_authorization_revoke"
    { RevokeInfo: "999" } => |view| {
    assert_eq!(view.revoked(), Some(RevokedInfo::Other("999")));
});

golden!(user_authorization_cancellation: UserAuthorizationCancellation = "user_authorization_cancellation"
    { OpenID: "oU", AppID: "wx13974bf780d3dc89" } => |view| {
    assert_eq!((view.openid(), view.appid()), ("oU", "wx13974bf780d3dc89"));
});

#[test]
fn mass_send() {
    let message = xml(
        "MASSSENDJOBFINISH",
        "<MsgID>1000001625</MsgID><Status><![CDATA[err(30003)]]></Status><TotalCount>5</TotalCount>\
         <FilterCount>4</FilterCount><SentCount>3</SentCount><ErrorCount>1</ErrorCount>\
         <CopyrightCheckResult><Count>2</Count><ResultList><item><ArticleIdx>1</ArticleIdx>\
         <UserDeclareState>0</UserDeclareState><AuditState>2</AuditState>\
         <OriginalArticleUrl><![CDATA[Url_1]]></OriginalArticleUrl>\
         <OriginalArticleType>1</OriginalArticleType><CanReprint>1</CanReprint>\
         <NeedReplaceContent>1</NeedReplaceContent><NeedShowReprintSource>0</NeedShowReprintSource>\
         </item><item><ArticleIdx>2</ArticleIdx></item></ResultList><CheckState>2</CheckState>\
         </CopyrightCheckResult><ArticleUrlResult><Count>1</Count><ResultList><item>\
         <ArticleIdx>1</ArticleIdx><ArticleUrl><![CDATA[Url]]></ArticleUrl></item></ResultList>\
         </ArticleUrlResult>",
    );
    let sent = view!(message, MassSendJobFinish);
    assert_eq!(
        (sent.msg_id(), sent.msg_id_u64()),
        ("1000001625", Some(1000001625))
    );
    assert_eq!(sent.outcome(), MassSendOutcome::Refused(30003));
    assert_eq!(
        (sent.total_count(), sent.filter_count()),
        (Some(5), Some(4))
    );
    assert_eq!((sent.sent_count(), sent.error_count()), (Some(3), Some(1)));
    assert_eq!(sent.copyright_check_state(), Some(2));
    let results: Vec<_> = sent.copyright_results().collect();
    assert_eq!(results.len(), 2);
    assert_eq!(
        (results[0].article_idx(), results[0].user_declare_state()),
        (Some(1), Some(0))
    );
    assert_eq!(
        (results[0].audit_state(), results[0].original_article_type()),
        (Some(2), Some(1))
    );
    assert_eq!(results[0].original_article_url(), Some("Url_1"));
    assert_eq!(
        (results[0].can_reprint(), results[0].need_replace_content()),
        (Some(true), Some(true))
    );
    assert_eq!(results[0].need_show_reprint_source(), Some(false));
    assert_eq!(
        (results[1].article_idx(), results[1].can_reprint()),
        (Some(2), None)
    );
    let urls: Vec<_> = sent
        .article_urls()
        .map(|it| (it.article_idx(), it.url()))
        .collect();
    assert_eq!(urls, [(Some(1), "Url")]);

    for (status, outcome) in [
        ("send success", MassSendOutcome::Sent),
        ("send fail", MassSendOutcome::Failed),
        ("err(10001, hint)", MassSendOutcome::Refused(10001)),
        ("err()", MassSendOutcome::Unknown),
        ("err(99999999999)", MassSendOutcome::Unknown),
        ("", MassSendOutcome::Unknown),
    ] {
        let message = json(
            "masssendjobfinish",
            &format!(r#""Status":"{status}","MsgID":1"#),
        );
        assert_eq!(
            view!(message, MassSendJobFinish).outcome(),
            outcome,
            "{status}"
        );
    }
}

#[test]
fn publish() {
    let done = [
        xml(
            "PUBLISHJOBFINISH",
            "<PublishEventInfo><publish_id>2247503051</publish_id><publish_status>0</publish_status>\
             <article_id><![CDATA[b5O2OUs25]]></article_id><article_detail><count>2</count><item>\
             <idx>1</idx><article_url><![CDATA[URL1]]></article_url></item><item><idx>2</idx>\
             <article_url>URL2</article_url></item></article_detail></PublishEventInfo>",
        ),
        json(
            "PUBLISHJOBFINISH",
            r#""publish_id":2247503051,"publish_status":"0","article_id":"b5O2OUs25","article_detail":
            {"count":2,"item":[{"idx":1,"article_url":"URL1"},{"idx":"2","article_url":"URL2"}]}"#,
        ),
    ];
    for message in done {
        let publish = view!(message, PublishJobFinish);
        assert_eq!(
            (publish.publish_id(), publish.publish_id_u64()),
            ("2247503051", Some(2247503051))
        );
        assert_eq!(publish.status(), Some(PublishStatus::Success));
        assert_eq!(publish.article_id(), Some("b5O2OUs25"));
        let articles: Vec<_> = publish.articles().map(|it| (it.idx(), it.url())).collect();
        assert_eq!(articles, [(Some(1), "URL1"), (Some(2), "URL2")]);
        assert_eq!(publish.failed().count(), 0);
    }
    let failed = xml(
        "PUBLISHJOBFINISH",
        "<PublishEventInfo><publish_id>1</publish_id><publish_status>2</publish_status>\
         <article_detail><count>0</count></article_detail><fail_idx>1</fail_idx>\
         <fail_idx>2</fail_idx></PublishEventInfo>",
    );
    let publish = view!(failed, PublishJobFinish);
    assert_eq!(publish.status(), Some(PublishStatus::OriginalCheckFailed));
    assert_eq!(publish.failed().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        (publish.articles().count(), publish.article_id()),
        (0, None)
    );
    let unknown = json(
        "PUBLISHJOBFINISH",
        r#""PublishEventInfo":{"publish_status":9,"fail_idx":[]}"#,
    );
    assert_eq!(
        view!(unknown, PublishJobFinish).status(),
        Some(PublishStatus::Other("9"))
    );
}

#[test]
fn guide() {
    let message = xml(
        "guide_qrcode_scan_event",
        "<GuideScanEvent><qrcode_guide_account><![CDATA[guide]]></qrcode_guide_account>\
         <qrcode_guide_openid>oG</qrcode_guide_openid><openid>oU</openid><action>1</action>\
         <qrcode_info>x</qrcode_info></GuideScanEvent>",
    );
    let scan = view!(message, GuideQrcodeScan);
    assert_eq!((scan.guide_account(), scan.guide_openid()), ("guide", "oG"));
    assert_eq!(
        (scan.openid(), scan.action(), scan.qrcode_info()),
        ("oU", "1", "x")
    );
}
