//! Every event as the platform sends it, in XML and in JSON, and what its view says.

use tower_wechat::callback::event::*;
use tower_wechat::{AppId, Event, Message};

fn parse(text: String) -> Message {
    Message::parse(AppId::new("wx0000000000000001").unwrap(), text).unwrap()
}

fn xml(event: &str, fields: &str) -> Message {
    parse(format!(
        "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
         <FromUserName><![CDATA[oTEST_user_0001]]></FromUserName>\
         <CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[{event}]]></Event>{fields}</xml>"
    ))
}

fn json(event: &str, fields: &str) -> Message {
    parse(format!(
        r#"{{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oTEST_user_0001",
        "CreateTime":"1767225600","MsgType":"event","Event":"{event}",{fields}}}"#
    ))
}

/// The same flat fields in both formats, and in JSON once more with every value as text.
fn flat(event: &str, fields: &[(&str, &str)]) -> [Message; 3] {
    let tags = fields
        .iter()
        .map(|(name, value)| format!("<{name}>\n<![CDATA[{value}]]> </{name}>\n"));
    let pairs = |quote_all: bool| {
        let pairs = fields.iter().map(|(name, value)| {
            let number = value
                .parse::<i64>()
                .is_ok_and(|it| it.to_string() == *value);
            match number && !quote_all {
                true => format!(r#""{name}":{value}"#),
                false => format!(r#""{name}":"{value}""#),
            }
        });
        pairs.collect::<Vec<_>>().join(",")
    };
    [
        xml(event, &tags.collect::<String>()),
        json(event, &pairs(false)),
        json(event, &pairs(true)),
    ]
}

/// The view of a message, which must be of this kind.
macro_rules! view {
    ($message:expr, $event:ident) => {
        match $message.event() {
            Event::$event(view) => view,
            other => panic!("{other:?}"),
        }
    };
}

/// A test of an event with flat fields: its name in several capitals, and what the view says.
macro_rules! golden {
    ($test:ident: $event:ident = $name:literal { $($field:ident: $value:literal),* $(,)? }
        => |$view:ident| $check:block) => {
        #[test]
        fn $test() {
            let fields = [$((stringify!($field), $value)),*];
            for name in [$name.to_owned(), $name.to_uppercase(), $name.to_lowercase()] {
                for message in flat(&name, &fields) {
                    assert_eq!(message.event_name(), Some(&*name));
                    assert_eq!(message.create_time(), Some(1767225600));
                    let $view = view!(message, $event);
                    $check
                    assert_eq!($view.message().from_user_name(), "oTEST_user_0001");
                }
            }
        }
    };
}

golden!(subscribe: Subscribe = "subscribe" { EventKey: "qrscene_order-42", Ticket: "gQEx" } => |view| {
    assert_eq!((view.scene(), view.ticket()), (Some("order-42"), Some("gQEx")));
    assert_eq!(view.message().event_key(), Some("qrscene_order-42"));
});

golden!(unsubscribe: Unsubscribe = "unsubscribe" { EventKey: "" } => |view| {
    assert_eq!(view.message().event_key(), None);
});

golden!(scan: Scan = "SCAN" { EventKey: "order-42", Ticket: "gQEx" } => |view| {
    assert_eq!((view.scene(), view.ticket()), ("order-42", Some("gQEx")));
});

golden!(location: LocationReport = "LOCATION"
    { Latitude: "23.137466", Longitude: "113.352425", Precision: "119.385040" } => |view| {
    assert_eq!((view.latitude(), view.longitude()), (Some(23.137466), Some(113.352425)));
    assert_eq!(view.precision(), Some(119.38504));
});

golden!(click: Click = "CLICK" { EventKey: "MENU_HELP" } => |view| {
    assert_eq!(view.key(), "MENU_HELP");
});

golden!(view_page: View = "VIEW" { EventKey: "https://example.com/?a=1", MenuId: "1234" } => |view| {
    assert_eq!((view.url(), view.menu_id()), ("https://example.com/?a=1", Some("1234")));
});

golden!(view_miniprogram: ViewMiniprogram = "view_miniprogram" { EventKey: "pages/a?b=1", MenuId: "1234" } => |view| {
    assert_eq!((view.page_path(), view.menu_id()), ("pages/a?b=1", Some("1234")));
});

golden!(template: TemplateSendJobFinish = "TEMPLATESENDJOBFINISH"
    { MsgID: "3428411849815982087", Status: "failed:user block" } => |view| {
    assert_eq!((view.msg_id(), view.msg_id_u64()), ("3428411849815982087", Some(3428411849815982087)));
    assert_eq!(view.outcome(), TemplateOutcome::UserBlocked);
});

golden!(kf_create_session: KfCreateSession = "kf_create_session" { KfAccount: "a1@shop" } => |view| {
    assert_eq!(view.kf_account(), "a1@shop");
});

golden!(kf_close_session: KfCloseSession = "kf_close_session" { KfAccount: "a1@shop", CloseType: "KF" } => |view| {
    assert_eq!((view.kf_account(), view.close_type()), ("a1@shop", Some("KF")));
});

golden!(kf_switch_session: KfSwitchSession = "kf_switch_session"
    { FromKfAccount: "a1@shop", ToKfAccount: "a2@shop" } => |view| {
    assert_eq!((view.from_kf_account(), view.to_kf_account()), ("a1@shop", "a2@shop"));
});

golden!(user_enter_tempsession: UserEnterTempsession = "user_enter_tempsession" { SessionFrom: "order=42" } => |view| {
    assert_eq!(view.session_from(), "order=42");
});

golden!(qualification_verify_success: QualificationVerifySuccess = "qualification_verify_success"
    { ExpiredTime: "1442401156" } => |view| {
    assert_eq!(view.expired_time(), Some(1442401156));
});

golden!(qualification_verify_fail: QualificationVerifyFail = "qualification_verify_fail"
    { FailTime: "1442401122", FailReason: "by time" } => |view| {
    assert_eq!((view.fail_time(), view.fail_reason()), (Some(1442401122), "by time"));
});

golden!(naming_verify_success: NamingVerifySuccess = "naming_verify_success" { ExpiredTime: "1442401093" } => |view| {
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

golden!(another_withdrawn_kind_of_data: UserAuthorizationRevoke = "user_authorization_revoke" { RevokeInfo: "999" } => |view| {
    assert_eq!(view.revoked(), Some(RevokedInfo::Other("999")));
});

golden!(user_authorization_cancellation: UserAuthorizationCancellation = "user_authorization_cancellation"
    { OpenID: "oU", AppID: "wx13974bf780d3dc89" } => |view| {
    assert_eq!((view.openid(), view.appid()), ("oU", "wx13974bf780d3dc89"));
});

golden!(card_pass_check: CardPassCheck = "card_pass_check" { CardId: "pC" } => |view| {
    assert_eq!(view.card_id(), "pC");
});

golden!(card_not_pass_check: CardNotPassCheck = "card_not_pass_check" { CardId: "pC", RefuseReason: "非法代制" } => |view| {
    assert_eq!((view.card_id(), view.refuse_reason()), ("pC", Some("非法代制")));
});

golden!(user_get_card: UserGetCard = "user_get_card" {
    CardId: "pC", IsGiveByFriend: "1", UserCardCode: "0012", FriendUserName: "oF", OuterId: "0",
    OldUserCardCode: "", OuterStr: "12b", IsRestoreMemberCard: "0", IsRecommendByFriend: "0",
    UnionId: "o6_b",
} => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "0012"));
    assert_eq!((view.is_give_by_friend(), view.friend_user_name()), (Some(true), Some("oF")));
    assert_eq!((view.outer_id(), view.outer_str()), (Some("0"), Some("12b")));
    assert_eq!((view.old_user_card_code(), view.union_id()), (None, Some("o6_b")));
    assert_eq!((view.is_restore_member_card(), view.is_recommend_by_friend()), (Some(false), Some(false)));
});

golden!(user_gifting_card: UserGiftingCard = "user_gifting_card" {
    CardId: "pC", UserCardCode: "12", IsReturnBack: "0", FriendUserName: "oF", IsChatRoom: "1",
} => |view| {
    assert_eq!((view.card_id(), view.user_card_code(), view.friend_user_name()), ("pC", "12", Some("oF")));
    assert_eq!((view.is_return_back(), view.is_chat_room()), (Some(false), Some(true)));
});

golden!(user_del_card: UserDelCard = "user_del_card" { CardId: "pC", UserCardCode: "12" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code(), view.outer_str()), ("pC", "12", None));
});

golden!(user_view_card: UserViewCard = "user_view_card" { CardId: "pC", UserCardCode: "12", OuterStr: "ab" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code(), view.outer_str()), ("pC", "12", Some("ab")));
});

golden!(user_enter_session_from_card: UserEnterSessionFromCard = "user_enter_session_from_card"
    { CardId: "pC", UserCardCode: "12" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "12"));
});

golden!(user_consume_card: UserConsumeCard = "user_consume_card" {
    CardId: "pC", UserCardCode: "12", ConsumeSource: "FROM_API", LocationName: "店", StaffOpenId: "oS",
    VerifyCode: "v", RemarkAmount: "1.5", OuterStr: "x",
} => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "12"));
    assert_eq!((view.consume_source(), view.location_name()), (Some("FROM_API"), Some("店")));
    assert_eq!((view.staff_open_id(), view.verify_code()), (Some("oS"), Some("v")));
    assert_eq!((view.remark_amount(), view.outer_str()), (Some("1.5"), Some("x")));
});

golden!(user_pay_from_pay_cell: UserPayFromPayCell = "user_pay_from_pay_cell" {
    CardId: "pC", UserCardCode: "12", TransId: "10022403432015000000", LocationId: "291710000",
    Fee: "10000", OriginalFee: "10001",
} => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "12"));
    assert_eq!((view.trans_id(), view.location_id()), ("10022403432015000000", Some("291710000")));
    assert_eq!((view.fee(), view.original_fee()), (Some(10000), Some(10001)));
});

golden!(update_member_card: UpdateMemberCard = "update_member_card"
    { CardId: "pC", UserCardCode: "12", ModifyBonus: "3", ModifyBalance: "-5" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "12"));
    assert_eq!((view.modify_bonus(), view.modify_balance()), (Some(3), Some(-5)));
});

golden!(submit_membercard_user_info: SubmitMembercardUserInfo = "submit_membercard_user_info"
    { CardId: "pC", UserCardCode: "12" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code()), ("pC", "12"));
});

golden!(card_sku_remind: CardSkuRemind = "card_sku_remind" { CardId: "pC", Detail: "the card's quantity is equal to 0" } => |view| {
    assert_eq!((view.card_id(), view.detail()), ("pC", "the card's quantity is equal to 0"));
});

golden!(card_merchant_check_result: CardMerchantCheckResult = "card_merchant_check_result"
    { MerchantId: "1", IsPass: "0", Reason: "r" } => |view| {
    assert_eq!((view.merchant_id(), view.is_pass(), view.reason()), ("1", Some(false), Some("r")));
});

golden!(card_pay_order: CardPayOrder = "card_pay_order" {
    OrderId: "404091456", Status: "ORDER_STATUS_FINANCE_SUCC", CreateOrderTime: "1472113500",
    PayFinishTime: "0", Desc: "", FreeCoinCount: "200", PayCoinCount: "0.5",
    RefundFreeCoinCount: "0", RefundPayCoinCount: "0", OrderType: "ORDER_TYPE_SYS_ADD",
    Memo: "开通账户奖励", ReceiptInfo: "",
} => |view| {
    assert_eq!((view.order_id(), view.status()), ("404091456", "ORDER_STATUS_FINANCE_SUCC"));
    assert_eq!((view.create_order_time(), view.pay_finish_time()), (Some(1472113500), Some(0)));
    assert_eq!((view.free_coin_count(), view.pay_coin_count()), (Some("200"), Some("0.5")));
    assert_eq!((view.refund_free_coin_count(), view.refund_pay_coin_count()), (Some("0"), Some("0")));
    assert_eq!((view.order_type(), view.memo()), (Some("ORDER_TYPE_SYS_ADD"), Some("开通账户奖励")));
    assert_eq!((view.desc(), view.receipt_info()), (None, None));
});

golden!(giftcard_pay_done: GiftcardPayDone = "giftcard_pay_done" { PageId: "abc", OrderId: "e05" } => |view| {
    assert_eq!((view.page_id(), view.order_id()), ("abc", "e05"));
});

golden!(giftcard_send_to_friend: GiftcardSendToFriend = "giftcard_send_to_friend"
    { PageId: "abc", OrderId: "e05", IsChatRoom: "true", IsReturnBack: "false" } => |view| {
    assert_eq!((view.page_id(), view.order_id()), ("abc", "e05"));
    assert_eq!((view.is_chat_room(), view.is_return_back()), (Some(true), Some(false)));
});

golden!(giftcard_user_accept: GiftcardUserAccept = "giftcard_user_accept"
    { PageId: "abc", OrderId: "e05", IsChatRoom: "true" } => |view| {
    assert_eq!((view.order_id(), view.is_chat_room(), view.is_return_back()), ("e05", Some(true), None));
});

golden!(user_authorize_invoice: UserAuthorizeInvoice = "user_authorize_invoice"
    { SuccOrderId: "202933131", FailOrderId: "", AppId: "wx1", Source: "web" } => |view| {
    assert_eq!((view.succ_order_id(), view.fail_order_id()), (Some("202933131"), None));
    assert_eq!((view.appid(), view.source()), (Some("wx1"), Some("web")));
});

golden!(update_invoice_status: UpdateInvoiceStatus = "update_invoice_status"
    { Status: "INVOICE_REIMBURSE_CLOSURE", CardId: "pC", Code: "8" } => |view| {
    assert_eq!((view.status(), view.card_id(), view.code()), ("INVOICE_REIMBURSE_CLOSURE", "pC", "8"));
});

golden!(submit_invoice_title: SubmitInvoiceTitle = "submit_invoice_title" {
    title: "公司", tax_no: "9144", addr: "路 1 号", phone: "010", bank_type: "银行", bank_no: "0123",
    attach: "a", title_type: "InvoiceUserTitleBusinessType",
} => |view| {
    assert_eq!((view.title(), view.tax_no(), view.addr()), ("公司", Some("9144"), Some("路 1 号")));
    assert_eq!((view.phone(), view.bank_type(), view.bank_no()), (Some("010"), Some("银行"), Some("0123")));
    assert_eq!((view.attach(), view.title_type()), (Some("a"), Some("InvoiceUserTitleBusinessType")));
});

golden!(cloud_invoice_result: CloudInvoiceInvoiceresult = "cloud_invoice_invoiceresult_event"
    { fpqqlsh: "9011", status: "1", nsrsbh: "9144" } => |view| {
    assert_eq!((view.fpqqlsh(), view.status(), view.nsrsbh()), ("9011", "1", Some("9144")));
});

golden!(weapp_audit_success: WeappAuditSuccess = "weapp_audit_success" { SuccTime: "1488856741" } => |view| {
    assert_eq!(view.succ_time(), Some(1488856741));
});

golden!(weapp_audit_fail: WeappAuditFail = "weapp_audit_fail"
    { Reason: "1:账号信息<br>(1):名称", FailTime: "1488856591", ScreenShot: "a|b||c" } => |view| {
    assert_eq!((view.reason(), view.fail_time()), ("1:账号信息<br>(1):名称", Some(1488856591)));
    assert_eq!(view.screenshots().collect::<Vec<_>>(), ["a", "b", "c"]);
});

golden!(weapp_audit_delay: WeappAuditDelay = "weapp_audit_delay" { Reason: "r", DelayTime: "1488856591" } => |view| {
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

/// The answers for each template, however the list is wrapped.
fn answers(message: &Message) -> Vec<(String, bool, Option<String>)> {
    let popup = view!(message, SubscribeMsgPopup);
    let items = popup.items().map(|item| {
        let scene = item.scene().map(|scene| format!("{scene:?}"));
        let accepted = item.status() == Some(SubscribeStatus::Accept);
        (item.template_id().to_owned(), accepted, scene)
    });
    items.collect()
}

#[test]
fn subscribe_msg_popup() {
    const NAME: &str = "subscribe_msg_popup_event";
    let element = |id, status| {
        format!(
            "<List><TemplateId><![CDATA[{id}]]></TemplateId><SubscribeStatusString>\
             <![CDATA[{status}]]></SubscribeStatusString><PopupScene>2</PopupScene></List>"
        )
    };
    let lists = element("TPL_A", "accept") + &element("TPL_B", "reject");
    let a = r#"{"TemplateId":"TPL_A","SubscribeStatusString":"accept","PopupScene":"2"}"#;
    let b = r#"{"TemplateId":"TPL_B","SubscribeStatusString":"reject","PopupScene":2}"#;
    let wrapper = "SubscribeMsgPopupEvent";
    let both = vec![
        ("TPL_A".to_owned(), true, Some("Article".to_owned())),
        ("TPL_B".to_owned(), false, Some("Article".to_owned())),
    ];
    for message in [
        xml(NAME, &format!("<{wrapper}>{lists}</{wrapper}>")),
        xml(NAME, &lists),
        json(NAME, &format!(r#""List":[{a},{b}]"#)),
        json(NAME, &format!(r#""{wrapper}":{{"List":[{a},{b}]}}"#)),
        json(
            NAME,
            &format!(r#""{wrapper}":[{{"List":{a}}},{{"List":{b}}}]"#),
        ),
        json(NAME, &format!(r#""List":{{"item":[{a},{b}]}}"#)),
    ] {
        assert_eq!(answers(&message), both, "{}", message.raw());
    }
    for message in [
        json(NAME, &format!(r#""List":{a}"#)),
        json(NAME, &format!(r#""{wrapper}":{{"List":{a}}}"#)),
    ] {
        assert_eq!(answers(&message), both[..1], "{}", message.raw());
    }
    for message in [
        json(NAME, r#""List":[]"#),
        json(NAME, r#""List":null"#),
        json(NAME, r#""List":"""#),
        xml(NAME, ""),
        xml(NAME, "<SubscribeMsgPopupEvent/>"),
        xml(
            NAME,
            "<SubscribeMsgPopupEvent><List/></SubscribeMsgPopupEvent>",
        ),
    ] {
        assert_eq!(answers(&message), [], "{}", message.raw());
    }
}

#[test]
fn subscribe_msg_change() {
    for message in [
        xml(
            "subscribe_msg_change_event",
            "<SubscribeMsgChangeEvent><List><TemplateId><![CDATA[TPL_A]]></TemplateId>\
             <SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString></List>\
             </SubscribeMsgChangeEvent>",
        ),
        json(
            "subscribe_msg_change_event",
            r#""List":[{"TemplateId":"TPL_A","SubscribeStatusString":"reject"}]"#,
        ),
    ] {
        let items: Vec<_> = view!(message, SubscribeMsgChange).items().collect();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].template_id(), "TPL_A");
        assert_eq!(items[0].status(), Some(SubscribeStatus::Reject));
    }
}

#[test]
fn subscribe_msg_sent() {
    for message in [
        xml(
            "subscribe_msg_sent_event",
            "<SubscribeMsgSentEvent><List><TemplateId><![CDATA[TPL_A]]></TemplateId>\
             <MsgID>1864323726461255680</MsgID><ErrorCode>0</ErrorCode>\
             <ErrorStatus><![CDATA[success]]></ErrorStatus></List></SubscribeMsgSentEvent>",
        ),
        json(
            "subscribe_msg_sent_event",
            r#""List":{"TemplateId":"TPL_A","MsgID":"1864323726461255680","ErrorCode":"0","ErrorStatus":"success"}"#,
        ),
        json(
            "subscribe_msg_sent_event",
            r#""List":[{"TemplateId":"TPL_A","MsgID":1864323726461255680,"ErrorCode":0,"ErrorStatus":"success"}]"#,
        ),
    ] {
        let item = view!(message, SubscribeMsgSent).items().next().unwrap();
        assert_eq!(
            (item.template_id(), item.msg_id()),
            ("TPL_A", "1864323726461255680")
        );
        assert_eq!(item.msg_id_u64(), Some(1864323726461255680));
        assert_eq!(
            (item.error_code(), item.error_status()),
            (Some(0), "success")
        );
    }
}

#[test]
fn scan_code() {
    let info = "<EventKey><![CDATA[SCAN_1]]></EventKey><ScanCodeInfo><ScanType><![CDATA[qrcode]]>\
        </ScanType><ScanResult><![CDATA[1]]></ScanResult></ScanCodeInfo>";
    let flat = r#""EventKey":"SCAN_1","ScanType":"qrcode","ScanResult":1"#;
    for message in [
        xml("scancode_waitmsg", info),
        json("Scancode_waitmsg", flat),
    ] {
        let scan = view!(message, ScanCodeWaitmsg);
        assert_eq!(
            (scan.key(), scan.scan_type(), scan.scan_result()),
            ("SCAN_1", "qrcode", "1")
        );
    }
    let push = xml("scancode_push", info);
    assert_eq!(view!(push, ScanCodePush).scan_result(), "1");
}

#[test]
fn pictures() {
    let info = "<EventKey><![CDATA[PIC_1]]></EventKey><SendPicsInfo><Count>2</Count><PicList>\
        <item><PicMd5Sum><![CDATA[5a75]]></PicMd5Sum></item>\
        <item><PicMd5Sum><![CDATA[1b5f]]></PicMd5Sum></item></PicList></SendPicsInfo>";
    let list = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":"2","PicList":[{"PicMd5Sum":"5a75"},{"PicMd5Sum":"1b5f"}]}"#;
    let item = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":2,"PicList":{"item":[{"PicMd5Sum":"5a75"},{"PicMd5Sum":"1b5f"}]}}"#;
    let each = r#""EventKey":"PIC_1","SendPicsInfo":{"Count":2,"PicList":[{"item":{"PicMd5Sum":"5a75"}},{"item":{"PicMd5Sum":"1b5f"}}]}"#;
    let check = |pics: SendPics<'_>| {
        assert_eq!((pics.key(), pics.count()), ("PIC_1", Some(2)));
        let sums: Vec<_> = pics.pictures().map(|picture| picture.md5()).collect();
        assert_eq!(sums, ["5a75", "1b5f"]);
    };
    check(view!(xml("pic_weixin", info), PicWeixin));
    check(view!(xml("pic_sysphoto", info), PicSysphoto));
    check(view!(xml("pic_photo_or_album", info), PicPhotoOrAlbum));
    for shape in [list, item, each] {
        check(view!(json("pic_weixin", shape), PicWeixin));
    }
}

#[test]
fn location_select() {
    let message = xml(
        "location_select",
        "<EventKey><![CDATA[LOC_1]]></EventKey><SendLocationInfo><Location_X><![CDATA[23.1]]>\
         </Location_X><Location_Y><![CDATA[113.3]]></Location_Y><Scale><![CDATA[15]]></Scale>\
         <Label><![CDATA[某区]]></Label><Poiname><![CDATA[]]></Poiname></SendLocationInfo>",
    );
    let place = view!(message, LocationSelect);
    assert_eq!(
        (place.latitude(), place.longitude()),
        (Some(23.1), Some(113.3))
    );
    assert_eq!(
        (place.scale(), place.label(), place.poi_name()),
        (Some(15), "某区", None)
    );
    assert_eq!(place.key(), "LOC_1");
}

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

#[test]
fn undocumented_and_old_events_keep_every_field() {
    for name in [
        "poi_check_notify",
        "merchant_order",
        "WifiConnected",
        "ShakearoundUserShake",
        "ENTER",
        "wxa_nickname_audit",
        "wxa_category_audit",
        "wxa_illegal_record",
        "wxa_privacy_apply",
        "trade_manage_order_settlement",
        "xpay_goods_deliver_notify",
        "an_event_of_tomorrow",
        "",
    ] {
        let message = json(name, r#""comment":{"id":[1,2]},"ret":3"#);
        let other = view!(message, Other);
        assert_eq!(other.event().unwrap_or_default(), name);
        assert_eq!(other.msg_type(), "event");
        assert_eq!(other.field("ret"), Some("3"));
        let comment = other
            .fields()
            .find(|field| field.name() == "comment")
            .unwrap();
        assert_eq!(
            comment.children().map(|it| it.text()).collect::<Vec<_>>(),
            ["1", "2"]
        );
    }
}

#[test]
fn the_header_has_its_extras() {
    let message = parse(
        "<xml><MsgType>text</MsgType><Content>a</Content><MsgId>1</MsgId><MsgDataId>xxxx</MsgDataId>\
         <Idx>2</Idx><bizmsgmenuid>101</bizmsgmenuid><BusinessId>7</BusinessId></xml>"
            .into(),
    );
    assert_eq!(
        (message.msg_data_id(), message.idx()),
        (Some("xxxx"), Some(2))
    );
    assert_eq!(message.business_id(), Some("7"));
    assert_eq!((message.event_name(), message.event_key()), (None, None));
    assert_eq!(view!(message, Text).menu_id(), Some("101"));
    let menu = parse(r#"{"MsgType":"text","BizMsgMenuId":101,"Idx":"x"}"#.into());
    assert_eq!((menu.msg_data_id(), menu.idx()), (None, None));
    assert_eq!(view!(menu, Text).menu_id(), Some("101"));
}

#[test]
fn messages() {
    let message = |msg_type: &str, fields: &[(&str, &str)]| {
        let [xml, json, _] = flat("", fields);
        let with = |message: &Message| {
            parse(
                message
                    .raw()
                    .replacen("event", msg_type, 1)
                    .replace("<Event><![CDATA[]]></Event>", "")
                    .replace(r#""Event":"","#, ""),
            )
        };
        [with(&xml), with(&json)]
    };
    for it in message(
        "image",
        &[
            ("PicUrl", "http://x/0"),
            ("MediaId", "M1"),
            ("MsgId", "25000000000000002"),
        ],
    ) {
        let image = view!(it, Image);
        assert_eq!((image.pic_url(), image.media_id()), ("http://x/0", "M1"));
        assert_eq!(it.msg_id_u64(), Some(25000000000000002));
    }
    for it in message(
        "voice",
        &[
            ("MediaId", "M2"),
            ("Format", "amr"),
            ("MediaId16K", "M2_16K"),
            ("Recognition", "查快递"),
        ],
    ) {
        let voice = view!(it, Voice);
        assert_eq!((voice.media_id(), voice.format()), ("M2", "amr"));
        assert_eq!(
            (voice.media_id_16k(), voice.recognition()),
            (Some("M2_16K"), Some("查快递"))
        );
    }
    for it in message("video", &[("MediaId", "M"), ("ThumbMediaId", "T")]) {
        assert_eq!(
            (
                view!(it, Video).media_id(),
                view!(it, Video).thumb_media_id()
            ),
            ("M", "T")
        );
    }
    for it in message("shortvideo", &[("MediaId", "M"), ("ThumbMediaId", "T")]) {
        assert_eq!(
            (
                view!(it, ShortVideo).media_id(),
                view!(it, ShortVideo).thumb_media_id()
            ),
            ("M", "T")
        );
    }
    for it in message(
        "location",
        &[
            ("Location_X", "23.134521"),
            ("Location_Y", "113.358803"),
            ("Scale", "16"),
            ("Label", "某路 1 号"),
        ],
    ) {
        let place = view!(it, Location);
        assert_eq!(
            (place.latitude(), place.longitude()),
            (Some(23.134521), Some(113.358803))
        );
        assert_eq!((place.scale(), place.label()), (Some(16), "某路 1 号"));
    }
    for it in message(
        "link",
        &[
            ("Title", "T"),
            ("Description", "D"),
            ("Url", "https://example.com/a?b=1&c=2"),
        ],
    ) {
        let link = view!(it, Link);
        assert_eq!((link.title(), link.description()), ("T", "D"));
        assert_eq!(link.url(), "https://example.com/a?b=1&c=2");
    }
    for it in message(
        "file",
        &[
            ("Title", "a.txt"),
            ("Description", ""),
            ("FileKey", "k"),
            ("FileMd5", "0a"),
            ("FileTotalLen", "7"),
        ],
    ) {
        let file = view!(it, File);
        assert_eq!((file.title(), file.description()), ("a.txt", None));
        assert_eq!(
            (file.file_key(), file.file_md5(), file.file_total_len()),
            ("k", "0a", Some(7))
        );
    }
    for it in message(
        "miniprogrampage",
        &[
            ("Title", "t"),
            ("AppId", "wx1"),
            ("PagePath", "pages/a?b=1"),
            ("ThumbUrl", "u"),
            ("ThumbMediaId", "M"),
        ],
    ) {
        let page = view!(it, MiniProgramPage);
        assert_eq!(
            (page.title(), page.appid(), page.page_path()),
            ("t", "wx1", "pages/a?b=1")
        );
        assert_eq!((page.thumb_url(), page.thumb_media_id()), ("u", "M"));
    }
}
