//! Customer-service messages (客服消息), which an account can send to a user after a recent
//! interaction. The limits depend on the interaction:
//!
//! | the user | messages | within |
//! |---|---|---|
//! | wrote | 5 | 48 hours |
//! | followed the account, scanned its code or tapped its menu | 3 | a minute |
//! | entered the customer service of a mini-program | 2 | a minute |

mod card;
mod content;
mod media;
mod menu;
mod send;
mod split;
#[cfg(test)]
mod tests;
mod typing;

pub use self::card::{Link, MiniProgramPage};
pub use self::media::{Music, Video};
pub use self::menu::MsgMenu;
pub use self::send::SendCustomerServiceMessage;
pub use self::typing::SetTyping;
pub use crate::callback::Article;
