//! Shared by the tests of the callback: messages, handlers and signed pushes.

mod handlers;
mod messages;
mod platform;
mod push;
mod store;

use tower_wechat::callback::Mode;

pub use handlers::{Handler, Tally, counting, handler, instant, seconds, send};
pub use messages::{document, message_of, text, text_document, text_fields};
pub use platform::{Platform, Sealed, callback, push};
pub use push::Push;
pub use store::{Fault, TestStore};

pub const APPID: &str = "wx3cc8fd6963e31a32";
pub const TOKEN: &str = "thetoken";
pub const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// The last character has unused bits, as in three of four keys.
pub const OTHER_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
pub const NOW: u64 = 1_767_225_600;

pub const MODES: [Mode; 3] = [Mode::Plaintext, Mode::Compatible, Mode::Secure];
