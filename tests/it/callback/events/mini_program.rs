//! Events of mini-programs.

use super::*;

golden!(user_enter_tempsession: UserEnterTempsession = "user_enter_tempsession"
    { SessionFrom: "order=42" } => |view| {
    assert_eq!(view.session_from(), "order=42");
});

golden!(weapp_audit_success: WeappAuditSuccess = "weapp_audit_success"
    { SuccTime: "1488856741" } => |view| {
    assert_eq!(view.succ_time(), Some(1488856741));
});

golden!(weapp_audit_fail: WeappAuditFail = "weapp_audit_fail"
    { Reason: "1:账号信息<br>(1):名称", FailTime: "1488856591", ScreenShot: "a|b||c" } => |view| {
    assert_eq!((view.reason(), view.fail_time()), ("1:账号信息<br>(1):名称", Some(1488856591)));
    assert_eq!(view.screenshots().collect::<Vec<_>>(), ["a", "b", "c"]);
});

golden!(weapp_audit_delay: WeappAuditDelay = "weapp_audit_delay"
    { Reason: "r", DelayTime: "1488856591" } => |view| {
    assert_eq!((view.reason(), view.delay_time()), ("r", Some(1488856591)));
});

golden!(media_check_of_the_older_interface: WxaMediaCheck = "wxa_media_check" {
    isrisky: "1", extra_info_json: "", appid: "wx8f16a5be77871234", trace_id: "59341", status_code: "4294966288",
} => |view| {
    assert_eq!((view.is_risky(), view.status_code()), (Some(true), Some(4294966288)));
    assert_eq!((view.trace_id(), view.appid()), ("59341", "wx8f16a5be77871234"));
    assert_eq!((view.suggest(), view.version(), view.details().count()), (None, None, 0));
});

#[test]
fn media_check() {
    let shapes = [
        json(
            "wxa_media_check",
            r#""appid":"wx1","trace_id":"60f9","version":2,"detail":[{"strategy":"content_model",
            "errcode":0,"suggest":"pass","label":100,"prob":90},{"strategy":"keyword","errCode":"0",
            "suggest":"review","level":"20","keyword":"k"}],"errCode":0,"errmsg":"ok",
            "result":{"suggest":"risky","label":20001}"#,
        ),
        xml(
            "wxa_media_check",
            "<appid><![CDATA[wx1]]></appid><trace_id><![CDATA[60f9]]></trace_id><version>2</version>\
             <detail><strategy><![CDATA[content_model]]></strategy><errcode>0</errcode>\
             <suggest><![CDATA[pass]]></suggest><label>100</label><prob>90</prob></detail>\
             <detail><strategy>keyword</strategy><errcode>0</errcode><suggest>review</suggest>\
             <level>20</level><keyword>k</keyword></detail><errcode>0</errcode>\
             <errmsg><![CDATA[ok]]></errmsg><result><suggest><![CDATA[risky]]></suggest>\
             <label>20001</label></result>",
        ),
    ];
    for message in shapes {
        let check = view!(message, WxaMediaCheck);
        assert_eq!((check.appid(), check.trace_id()), ("wx1", "60f9"));
        assert_eq!((check.version(), check.errcode()), (Some(2), Some(0)));
        assert_eq!(check.errmsg(), Some("ok"));
        assert_eq!(
            (check.suggest(), check.label()),
            (Some(Suggest::Risky), Some(20001))
        );
        let details: Vec<_> = check.details().collect();
        assert_eq!(details.len(), 2);
        assert_eq!(details[0].strategy(), "content_model");
        assert_eq!(details[0].suggest(), Some(Suggest::Pass));
        assert_eq!(
            (details[0].label(), details[0].prob()),
            (Some(100), Some(90))
        );
        assert_eq!((details[0].level(), details[0].keyword()), (None, None));
        assert_eq!(
            (details[1].errcode(), details[1].level()),
            (Some(0), Some("20"))
        );
        assert_eq!(details[1].keyword(), Some("k"));
        assert_eq!(details[1].element().field("suggest"), Some("review"));
    }
    let new = json(
        "wxa_media_check",
        r#""detail":{"suggest":"Ban"},"result":null"#,
    );
    let check = view!(new, WxaMediaCheck);
    assert_eq!(check.suggest(), None);
    let suggest = check.details().next().unwrap().suggest();
    assert_eq!(suggest, Some(Suggest::Other("Ban")));
}
