//! Cards and invoices.

use super::*;

golden!(card_pass_check: CardPassCheck = "card_pass_check" { CardId: "pC" } => |view| {
    assert_eq!(view.card_id(), "pC");
});

golden!(card_not_pass_check: CardNotPassCheck = "card_not_pass_check"
    { CardId: "pC", RefuseReason: "非法代制" } => |view| {
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

golden!(user_del_card: UserDelCard = "user_del_card"
    { CardId: "pC", UserCardCode: "12" } => |view| {
    assert_eq!((view.card_id(), view.user_card_code(), view.outer_str()), ("pC", "12", None));
});

golden!(user_view_card: UserViewCard = "user_view_card"
    { CardId: "pC", UserCardCode: "12", OuterStr: "ab" } => |view| {
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

golden!(card_sku_remind: CardSkuRemind = "card_sku_remind"
    { CardId: "pC", Detail: "the card's quantity is equal to 0" } => |view| {
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

golden!(giftcard_pay_done: GiftcardPayDone = "giftcard_pay_done"
    { PageId: "abc", OrderId: "e05" } => |view| {
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
