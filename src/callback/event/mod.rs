//! Typed views of pushes.
//!
//! A view reads XML and JSON alike and tolerates the platform's irregularities: inconsistent
//! capitalisation, optional wrapper elements, lists of one element that are sent as the element,
//! and numbers sent as text. Fields without a method are available by name from the view's message.
//! Source: 接收普通消息, 接收事件推送.

#[macro_use]
mod view;

mod audit;
mod authorization;
mod card;
mod card_account;
mod content;
mod customer_service;
mod follow;
mod invoice;
mod kind;
mod mass_send;
mod media_check;
mod menu;
mod other;
mod publish;
mod read;
mod subscribe_message;
mod template;
mod verification;

pub use self::audit::{WeappAuditDelay, WeappAuditFail, WeappAuditSuccess};
pub use self::authorization::{RevokedInfo, UserAuthorization};
pub use self::card::{
    CardNotPassCheck, CardPassCheck, UserCard, UserConsumeCard, UserGetCard, UserGiftingCard,
};
pub use self::card_account::{
    CardMerchantCheckResult, CardPayOrder, CardSkuRemind, Giftcard, SubmitMembercardUserInfo,
    UpdateMemberCard, UserPayFromPayCell,
};
pub use self::content::{
    File, Image, Link, Location, MiniProgramPage, ShortVideo, Text, Video, Voice,
};
pub use self::customer_service::{
    GuideQrcodeScan, KfCloseSession, KfCreateSession, KfSwitchSession, UserEnterTempsession,
};
pub use self::follow::{LocationReport, Scan, Subscribe, Unsubscribe};
pub use self::invoice::{
    CloudInvoiceInvoiceresult, SubmitInvoiceTitle, UpdateInvoiceStatus, UserAuthorizeInvoice,
};
pub use self::kind::Event;
pub use self::mass_send::{ArticleUrl, CopyrightResult, MassSendJobFinish, MassSendOutcome};
pub use self::media_check::{MediaCheckDetail, Suggest, WxaMediaCheck};
pub use self::menu::{Click, LocationSelect, Picture, ScanCode, SendPics, View, ViewMiniprogram};
pub use self::other::Other;
pub use self::publish::{PublishJobFinish, PublishStatus, PublishedArticle};
pub use self::subscribe_message::{
    PopupScene, SubscribeMsgChange, SubscribeMsgChangeItem, SubscribeMsgPopup,
    SubscribeMsgPopupItem, SubscribeMsgSent, SubscribeMsgSentItem, SubscribeStatus,
};
pub use self::template::{TemplateOutcome, TemplateSendJobFinish};
pub use self::verification::{VerifyFail, VerifyTerm};

#[cfg(test)]
mod tests;
