//! Maps each push to its view.

use super::*;
use crate::callback::Message;

events! {
    /// The typed view of a push. Unknown kinds are [`Event::Other`], never an error.
    ///
    /// ```
    /// use tower_wechat::{Event, Message, Reply};
    ///
    /// async fn on_message(msg: Message) -> Reply {
    ///     match msg.event() {
    ///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
    ///         Event::Subscribe(subscribe) => Reply::text(match subscribe.scene() {
    ///             Some(scene) => format!("welcome via {scene}"),
    ///             None => "welcome".into(),
    ///         }),
    ///         Event::Other(other) if other.is("ShakearoundUserShake") => Reply::none(),
    ///         _ => Reply::none(),
    ///     }
    /// }
    /// ```
    messages {
        /// 文本消息: the user sent a text.
        Text(Text) = "text";
        /// 图片消息: the user sent an image.
        Image(Image) = "image";
        /// 语音消息: the user sent a voice recording.
        Voice(Voice) = "voice";
        /// 视频消息: the user sent a video.
        Video(Video) = "video";
        /// 小视频消息: the user sent a short video.
        ShortVideo(ShortVideo) = "shortvideo";
        /// 地理位置消息: the user sent a location.
        Location(Location) = "location";
        /// 链接消息: the user sent a link.
        Link(Link) = "link";
        /// The user sent a file.
        File(File) = "file";
        /// 小程序卡片消息: the user sent a card for a mini-program page to its customer service.
        MiniProgramPage(MiniProgramPage) = "miniprogrampage";
    }
    events {
        /// 关注事件: the user started to follow the account, possibly through a QR code with a
        /// scene.
        Subscribe(Subscribe) = "subscribe";
        /// 取消关注事件: the user stopped following the account. No reply can reach the user.
        Unsubscribe(Unsubscribe) = "unsubscribe";
        /// 扫描带参数二维码事件: a follower scanned a QR code with a scene.
        Scan(Scan) = "SCAN";
        /// 上报地理位置事件: the user's position, reported on entering the chat or every five
        /// seconds.
        LocationReport(LocationReport) = "LOCATION";
        /// 点击菜单拉取消息时的事件推送: the user tapped a menu entry with a key.
        Click(Click) = "CLICK";
        /// 点击菜单跳转链接时的事件推送: the user tapped a menu entry that opens a page.
        View(View) = "VIEW";
        /// 点击菜单跳转小程序的事件推送: the user tapped a menu entry that opens a mini-program.
        ViewMiniprogram(ViewMiniprogram) = "view_miniprogram";
        /// 扫码推事件: the user scanned a code from the menu and sees the result.
        ScanCodePush(ScanCode) = "scancode_push";
        /// 扫码推事件且弹出“消息接收中”提示框: the user scanned a code from the menu and waits for
        /// the reply.
        ScanCodeWaitmsg(ScanCode) = "scancode_waitmsg";
        /// 弹出系统拍照发图: the user took pictures from the menu.
        PicSysphoto(SendPics) = "pic_sysphoto";
        /// 弹出拍照或者相册发图: the user took or chose pictures from the menu.
        PicPhotoOrAlbum(SendPics) = "pic_photo_or_album";
        /// 弹出微信相册发图器: the user chose pictures from the menu.
        PicWeixin(SendPics) = "pic_weixin";
        /// 弹出地理位置选择器: the user chose a location from the menu.
        LocationSelect(LocationSelect) = "location_select";
        /// 模板消息发送结果: the result of sending a template message.
        TemplateSendJobFinish(TemplateSendJobFinish) = "TEMPLATESENDJOBFINISH";
        /// 事件推送群发结果: the result of a mass message.
        MassSendJobFinish(MassSendJobFinish) = "MASSSENDJOBFINISH";
        /// 事件推送发布结果: the result of publishing an article.
        PublishJobFinish(PublishJobFinish) = "PUBLISHJOBFINISH";
        /// 用户操作订阅通知弹窗: the user answered a prompt to subscribe to messages.
        SubscribeMsgPopup(SubscribeMsgPopup) = "subscribe_msg_popup_event";
        /// 用户管理订阅通知: the user changed a message subscription in the settings.
        SubscribeMsgChange(SubscribeMsgChange) = "subscribe_msg_change_event";
        /// 发送订阅通知: the result of sending subscription messages.
        SubscribeMsgSent(SubscribeMsgSent) = "subscribe_msg_sent_event";
        /// 接入会话: a customer-service agent accepted the user's session.
        KfCreateSession(KfCreateSession) = "kf_create_session";
        /// 关闭会话: the user's customer-service session was closed.
        KfCloseSession(KfCloseSession) = "kf_close_session";
        /// 转接会话: the user's session was transferred to another customer-service agent.
        KfSwitchSession(KfSwitchSession) = "kf_switch_session";
        /// 进入会话事件: the user opened the customer service of a mini-program.
        UserEnterTempsession(UserEnterTempsession) = "user_enter_tempsession";
        /// 客户扫顾问二维码: a user scanned the QR code of a shopping guide.
        GuideQrcodeScan(GuideQrcodeScan) = "guide_qrcode_scan_event";
        /// 资质认证成功: the account's qualification was verified. The interfaces that require it
        /// are available at once.
        QualificationVerifySuccess(VerifyTerm) = "qualification_verify_success";
        /// 资质认证失败: the verification of the account's qualification failed.
        QualificationVerifyFail(VerifyFail) = "qualification_verify_fail";
        /// 名称认证成功: the account's name was verified.
        NamingVerifySuccess(VerifyTerm) = "naming_verify_success";
        /// 名称认证失败: the verification of the account's name failed.
        NamingVerifyFail(VerifyFail) = "naming_verify_fail";
        /// 年审通知: the account's verification must be renewed.
        AnnualRenew(VerifyTerm) = "annual_renew";
        /// 认证过期失效通知: the account's verification expired.
        VerifyExpired(VerifyTerm) = "verify_expired";
        /// 授权用户资料变更: a user who had authorized access to the profile changed it.
        UserInfoModified(UserAuthorization) = "user_info_modified";
        /// 授权用户资料撤回: a user revoked the authorization of data, which must be deleted.
        UserAuthorizationRevoke(UserAuthorization) = "user_authorization_revoke";
        /// 授权用户完成注销: a user closed the account. The user's data must be deleted.
        UserAuthorizationCancellation(UserAuthorization) = "user_authorization_cancellation";
        /// 审核事件: a card type passed the review.
        CardPassCheck(CardPassCheck) = "card_pass_check";
        /// 审核事件: a card type did not pass the review.
        CardNotPassCheck(CardNotPassCheck) = "card_not_pass_check";
        /// 领取事件: the user claimed a card.
        UserGetCard(UserGetCard) = "user_get_card";
        /// 转赠事件: the user gave a card away.
        UserGiftingCard(UserGiftingCard) = "user_gifting_card";
        /// 删除事件: the user deleted a card.
        UserDelCard(UserCard) = "user_del_card";
        /// 进入会员卡事件: the user opened a member card.
        UserViewCard(UserCard) = "user_view_card";
        /// 从卡券进入公众号会话事件: the user opened the account's chat from a card.
        UserEnterSessionFromCard(UserCard) = "user_enter_session_from_card";
        /// 核销事件: a card was redeemed.
        UserConsumeCard(UserConsumeCard) = "user_consume_card";
        /// 买单事件: the user paid from a card.
        UserPayFromPayCell(UserPayFromPayCell) = "user_pay_from_pay_cell";
        /// 会员卡内容更新事件: the points or the balance of a member card changed.
        UpdateMemberCard(UpdateMemberCard) = "update_member_card";
        /// 会员卡激活事件: the user submitted the activation form of a member card.
        SubmitMembercardUserInfo(SubmitMembercardUserInfo) = "submit_membercard_user_info";
        /// 库存报警事件: the stock of a card type is low.
        CardSkuRemind(CardSkuRemind) = "card_sku_remind";
        /// 子商户审核事件: the review of a sub-merchant ended.
        CardMerchantCheckResult(CardMerchantCheckResult) = "card_merchant_check_result";
        /// 券点流水详情事件: the account's coupon points changed.
        CardPayOrder(CardPayOrder) = "card_pay_order";
        /// 用户购买礼品卡付款成功: a gift card was bought.
        GiftcardPayDone(Giftcard) = "giftcard_pay_done";
        /// 用户购买后赠送: a gift card was given away.
        GiftcardSendToFriend(Giftcard) = "giftcard_send_to_friend";
        /// 用户领取礼品卡成功: the recipient of a gift card claimed it.
        GiftcardUserAccept(Giftcard) = "giftcard_user_accept";
        /// 用户授权事件: the user authorized invoices for the card case, or the authorization
        /// failed.
        UserAuthorizeInvoice(UserAuthorizeInvoice) = "user_authorize_invoice";
        /// 发票状态更新: the status of an invoice changed.
        UpdateInvoiceStatus(UpdateInvoiceStatus) = "update_invoice_status";
        /// 用户提交发票抬头: the user submitted an invoice title.
        SubmitInvoiceTitle(SubmitInvoiceTitle) = "submit_invoice_title";
        /// 开票结果: an invoice was issued, or issuing it failed.
        CloudInvoiceInvoiceresult(CloudInvoiceInvoiceresult) = "cloud_invoice_invoiceresult_event";
        /// 异步检测结果: the result of checking a picture or a recording.
        WxaMediaCheck(WxaMediaCheck) = "wxa_media_check";
        /// 审核通过: the mini-program's code passed the review.
        WeappAuditSuccess(WeappAuditSuccess) = "weapp_audit_success";
        /// 审核不通过: the mini-program's code did not pass the review.
        WeappAuditFail(WeappAuditFail) = "weapp_audit_fail";
        /// 审核延后: the review of the mini-program's code is delayed.
        WeappAuditDelay(WeappAuditDelay) = "weapp_audit_delay";
    }
}
