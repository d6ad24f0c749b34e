//! Account types.

/// The type of an account (帐号类型). Set with
/// [`Sandbox::set_account_type`](crate::sandbox::Sandbox::set_account_type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccountType {
    /// 服务号: an official account that may make every call of official accounts.
    ServiceAccount,
    /// 订阅号: an official account that can't create QR codes or send template messages.
    SubscriptionAccount,
    /// 未认证的订阅号: an unverified subscription account. It can only send passive replies. It
    /// also can't use customer-service messages, users, menus or web OAuth.
    UnverifiedSubscriptionAccount,
    /// 小程序: a mini-program.
    MiniProgram,
}

impl AccountType {
    /// Returns whether an account of this type may send customer-service messages of `msgtype`.
    pub(super) fn sends(self, msgtype: &str) -> bool {
        match self {
            Self::ServiceAccount
            | Self::SubscriptionAccount
            | Self::UnverifiedSubscriptionAccount => msgtype != "link",
            Self::MiniProgram => ["text", "image", "link", "miniprogrampage"].contains(&msgtype),
        }
    }
}
