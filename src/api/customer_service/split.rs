//! Splits a text into several messages.

use super::SendCustomerServiceMessage;
use crate::error::Error;
use crate::text;

impl SendCustomerServiceMessage {
    /// Splits a text into up to [`MAX_MESSAGES`](Self::MAX_MESSAGES) messages. Send them one after
    /// the other.
    ///
    /// Each message ends with a line, a sentence or a word if that leaves it more than half full.
    /// Links are not split. Concatenated, the messages are the text.
    ///
    /// Other messages to the user also count toward the limit. If only three are allowed, such as
    /// after a tap on the menu, the fourth is refused with 45047.
    ///
    /// ```
    /// use tower_wechat::api::customer_service::SendCustomerServiceMessage;
    ///
    /// let messages = SendCustomerServiceMessage::split_text("oTEST_user_0001", "十".repeat(1000))?;
    /// assert_eq!(messages.len(), 2);
    /// # Ok::<(), tower_wechat::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`ErrorKind::Input`](crate::ErrorKind::Input) if the text does not fit. Up to 10,225
    /// bytes always fit, and more than 10,240 never do.
    pub fn split_text(
        openid: impl Into<String>,
        content: impl AsRef<str>,
    ) -> Result<Vec<Self>, Error> {
        let (openid, content) = (openid.into(), content.as_ref());
        let pieces = text::pieces(content, Self::MAX_TEXT, Self::MAX_MESSAGES);
        let pieces = pieces.ok_or_else(|| {
            let (len, messages, most) = (content.len(), Self::MAX_MESSAGES, Self::MAX_TEXT);
            let message =
                format!("must fit into {messages} messages of {most} bytes (it has {len} bytes)");
            Error::input("content", message)
        })?;
        let message = |piece: &str| Self::text(&openid, piece);
        Ok(pieces.into_iter().map(message).collect())
    }
}
