//! Dispatches each message to the handler whose pattern matches.
//!
//! ```
//! use tower_wechat::callback::route::{Router, any, click, scanned, text, when};
//! use tower_wechat::{AppId, CallbackKeys, Callback, Message, Reply, handler_fn};
//!
//! async fn on_order(msg: Message) -> Reply {
//!     Reply::text(format!("your order: {}", msg.event_key().unwrap_or_default()))
//! }
//!
//! async fn on_text(msg: Message) -> Option<String> {
//!     msg.field("Content").map(str::to_uppercase)
//! }
//!
//! let testers = any().openids(["oTEST_user_0001", "oTEST_user_0002"]);
//! let router = Router::new()
//!     .on(scanned().scene_prefix("order-"), handler_fn(on_order))
//!     .on(text().and(testers), handler_fn(on_text))
//!     .on(click().key("HELP"), handler_fn(|_| async { "Send us a text." }))
//!     .on(when(|msg| msg.idx().is_some()), handler_fn(|_| async { "from an article" }))
//!     .fallback(handler_fn(|_| async { Reply::transfer_customer_service() }));
//!
//! let keys = CallbackKeys::plaintext("AAAAA")?.for_app(AppId::new("wxba5fad812f8e6fb9")?);
//! let callback = Callback::new(keys, router);
//! # Ok::<(), tower_wechat::Error>(())
//! ```

mod pattern;
mod router;

pub use self::pattern::{
    Pattern, any, click, event, image, kind, link, location, menu, message, scan, scanned,
    subscribe, text, unsubscribe, video, voice, when,
};
pub use self::router::Router;

#[cfg(test)]
mod tests;
