//! The types of accounts.

/// What the platform calls the type of an account (帐号类型); see
/// [`Sandbox::set_account_type`](crate::sandbox::Sandbox::set_account_type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountType {
    /// 服务号: an official account that may make all calls of official accounts.
    ServiceAccount,
    /// 订阅号: an official account that makes no QR codes and sends no template messages.
    SubscriptionAccount,
    /// 未认证的订阅号: a subscription account that is not verified. It answers its users by the
    /// passive reply alone: no customer-service messages, users, menus or web OAuth either.
    UnverifiedSubscriptionAccount,
    /// 小程序: a mini-program.
    MiniProgram,
}

impl AccountType {
    /// Whether an account of this type sends this kind of customer-service message.
    pub(super) fn sends(self, msgtype: &str) -> bool {
        match self {
            Self::ServiceAccount
            | Self::SubscriptionAccount
            | Self::UnverifiedSubscriptionAccount => msgtype != "link",
            Self::MiniProgram => ["text", "image", "link", "miniprogrampage"].contains(&msgtype),
        }
    }
}
