//! Changes of the apps at run time.

use super::Wechat;
use crate::app::AppConfig;
use crate::error::Error;

/// # Apps at run time
///
/// For an application whose apps are in a database or a secret manager. Both functions may be
/// called from any task. Handles, [`Tokens`](crate::Tokens), [`Routes`](crate::routes::Routes) and
/// tasks made before follow at once. Whoever looks an app up takes no lock, and sees all of a
/// change or nothing of it.
///
/// A change copies the table of apps, which takes some ten nanoseconds for each. Pass the apps that
/// are known at the start to [`WechatBuilder::app`](crate::WechatBuilder::app).
impl Wechat {
    /// Adds an app, or replaces the one with this id. Returns whether there was one.
    ///
    /// A replaced app keeps its cached tokens and what is remembered of its pushes.
    ///
    /// - The next fetch of a token uses the new secret, even right after a refusal of the old one.
    ///   A fetch or a call that has begun goes on with the old one.
    /// - With another [`TokenGrant`](crate::TokenGrant), the next call uses a token of that grant.
    /// - The Token and the EncodingAESKey that are replaced become the
    ///   [previous ones](crate::CallbackKeys::previous_token), unless `app` names others. They are
    ///   accepted until they are replaced in turn, or the app is removed. The same configuration
    ///   may be inserted again: it ends no rotation.
    /// - The mode changes at once.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::AppConfig;
    ///
    /// assert!(!wechat.insert_app(AppConfig::new("wx3cc8fd6963e31a33", "its secret"))?);
    /// assert!(wechat.insert_app(AppConfig::new("wx3cc8fd6963e31a33", "its new secret"))?);
    /// assert!(wechat.remove_app("wx3cc8fd6963e31a33"));
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`WechatBuilder::build`](crate::WechatBuilder::build) for this app. Nothing changes
    /// then.
    pub fn insert_app(&self, app: AppConfig) -> Result<bool, Error> {
        self.0.apps.insert(app)
    }

    /// Removes an app. Returns whether there was one.
    ///
    /// Its calls fail with [`ErrorKind::UnknownApp`](crate::ErrorKind::UnknownApp), those of its
    /// [`App`](crate::App) handles included, its pushes are answered with 404, and its tokens, its
    /// previous callback keys and the signatures that were seen are forgotten. A fetch that runs
    /// ends without being cached. A call that was sent returns, and a handler that runs answers.
    ///
    /// A [`TokenStore`](crate::token::TokenStore) keeps the tokens until they expire, since other
    /// instances may still have the app.
    pub fn remove_app(&self, appid: impl AsRef<str>) -> bool {
        let removed = self.0.apps.remove(appid.as_ref());
        if let Some(app) = &removed {
            self.0.tokens.end(&app.tokens);
        }
        removed.is_some()
    }
}
