//! Sends late replies as customer-service messages.

use std::task::{Context, Poll};
use std::{fmt, marker};

use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::api::customer_service::{Music, SendCustomerServiceMessage};
use crate::callback::deadline::LateReply;
use crate::callback::{Reply, ReplyKind};
use crate::client::Wechat;
use crate::error::{BoxError, ErrCode, Error, ErrorKind};
use crate::runtime::BoxFuture;
use crate::text;

/// A late-reply hook that sends the reply to the user as a customer-service message: see
/// [`DeadlineLayer::late`](crate::callback::deadline::DeadlineLayer::late). The message is sent by
/// the app that received the user's message.
///
/// The account must be permitted to send such messages, and this machine's IP address must be on
/// the account's IP whitelist. A message is not sent twice: a failed message is logged and lost. A
/// text of more than 2048 bytes is lost too, unless long texts are [split](Self::split_long_texts).
///
/// | reply | sent as |
/// |---|---|
/// | a text, an image, a voice recording, music with a URL | the same |
/// | a news reply | its first card |
/// | a video | not sent: the message needs the MediaId of a picture, which a reply lacks |
/// | [`transfer_customer_service`] | not sent: only valid in time |
/// | the reply of a [forward] target | not sent: it is a complete document |
///
/// [`transfer_customer_service`]: Reply::transfer_customer_service
/// [forward]: crate::callback::forward
///
/// ```
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
/// use tower_wechat::callback::deadline::{CustomerService, DeadlineLayer};
///
/// let late = CustomerService::new(wechat.clone()).split_long_texts();
/// let deadline = DeadlineLayer::ack().late(late);
/// ```
#[derive(Debug, Clone)]
pub struct CustomerService {
    wechat: Wechat,
    splits: bool,
}

impl CustomerService {
    /// Creates a hook for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let splits = false;
        Self { wechat, splits }
    }

    /// Splits a text of more than 2048 bytes into up to five messages, as
    /// [`SendCustomerServiceMessage::split_text`] does, and sends them in order.
    ///
    /// A text that needs more messages is logged and lost as a whole. If a message is refused, such
    /// as the fourth after a tap on the menu, the remaining ones are not sent.
    #[must_use]
    pub fn split_long_texts(mut self) -> Self {
        self.splits = true;
        self
    }

    /// Sets a fallback hook for replies that cannot be sent as customer-service messages.
    ///
    /// The fallback gets a reply that the platform refuses with
    /// - 48001: the account may not send such messages,
    /// - 45015: the user has not written for too long,
    /// - 45047: too many messages since the user wrote.
    ///
    /// It also gets a reply that is not a valid customer-service message, such as a video or a text
    /// that is too long. If some messages of a long text were already sent, it gets the remaining
    /// text. After any other error the fallback is not called, because the message may have been
    /// sent.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::BoxError;
    /// use tower_wechat::callback::deadline::{DeadlineLayer, LateReply};
    /// use tower_wechat::callback::deadline::CustomerService;
    ///
    /// async fn keep(late: LateReply) -> Result<(), BoxError> {
    ///     println!("{} is to be told later", late.message.from_user_name());
    ///     Ok(())
    /// }
    ///
    /// let late = CustomerService::new(wechat.clone()).or(tower::service_fn(keep));
    /// let deadline = DeadlineLayer::ack().late(late);
    /// ```
    pub fn or<S>(self, hook: S) -> CustomerServiceOr
    where
        S: Service<LateReply> + Clone + marker::Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: marker::Send + 'static,
    {
        let hook = hook.map_response(drop).map_err(Into::into);
        CustomerServiceOr {
            first: self,
            hook: BoxCloneSyncService::new(hook),
        }
    }

    /// Sends a reply. The error contains how many messages were sent before it occurred.
    async fn send(self, late: &LateReply) -> Result<(), (usize, Error)> {
        let before = |error| (0, error);
        let app = self.wechat.app(late.message.appid()).map_err(before)?;
        let openid = late.message.from_user_name();
        let calls = messages(openid, &late.reply, self.splits).map_err(before)?;
        for (sent, call) in calls.into_iter().enumerate() {
            app.call(call).await.map_err(|error| (sent, error))?;
        }
        Ok(())
    }
}

impl Service<LateReply> for CustomerService {
    type Response = ();
    type Error = Error;
    type Future = BoxFuture<'static, Result<(), Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, late: LateReply) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { service.send(&late).await.map_err(|(_, error)| error) })
    }
}

/// [`CustomerService`] with a fallback hook; made by [`CustomerService::or`].
#[derive(Clone)]
pub struct CustomerServiceOr {
    first: CustomerService,
    hook: BoxCloneSyncService<LateReply, (), BoxError>,
}

impl Service<LateReply> for CustomerServiceOr {
    type Response = ();
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<(), BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, late: LateReply) -> Self::Future {
        let Self { first, hook } = self.clone();
        Box::pin(async move {
            match first.send(&late).await {
                Ok(()) => Ok(()),
                Err((sent, error)) if is_handed_over(&error) => {
                    let LateReply { message, reply } = late;
                    let reply = rest(reply, sent);
                    hook.oneshot(LateReply { message, reply }).await
                }
                Err((_, error)) => Err(error.into()),
            }
        })
    }
}

impl fmt::Debug for CustomerServiceOr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerServiceOr")
    }
}

fn is_handed_over(error: &Error) -> bool {
    let refused = [
        ErrCode::API_UNAUTHORIZED,
        ErrCode::RESPONSE_WINDOW_CLOSED,
        ErrCode::RESPONSES_USED_UP,
    ];
    let refused = |code| refused.contains(&code);
    error.kind() == ErrorKind::Input || error.errcode().is_some_and(refused)
}

/// Returns the part of a reply that remains after the first `sent` messages.
fn rest(reply: Reply, sent: usize) -> Reply {
    // Only a text is sent in pieces, and splitting it again gives the same ones.
    if let ReplyKind::Text(content) = reply.kind()
        && let Some(pieces) = text::pieces(
            content,
            SendCustomerServiceMessage::MAX_TEXT,
            SendCustomerServiceMessage::MAX_MESSAGES,
        )
        && sent > 0
    {
        let left: String = pieces.into_iter().skip(sent).collect();
        return Reply::text(left);
    }
    reply
}

/// Converts the reply to customer-service messages.
fn messages(
    openid: &str,
    reply: &Reply,
    splits: bool,
) -> Result<Vec<SendCustomerServiceMessage>, Error> {
    match reply.kind() {
        ReplyKind::Text(content) if splits => {
            SendCustomerServiceMessage::split_text(openid, content)
        }
        _ => message(openid, reply).map(|message| vec![message]),
    }
}

/// Converts the reply to one customer-service message.
fn message(openid: &str, reply: &Reply) -> Result<SendCustomerServiceMessage, Error> {
    Ok(match reply.kind() {
        ReplyKind::Text(content) => SendCustomerServiceMessage::text(openid, content),
        ReplyKind::Image(media_id) => SendCustomerServiceMessage::image(openid, media_id),
        ReplyKind::Voice(media_id) => SendCustomerServiceMessage::voice(openid, media_id),
        ReplyKind::Music(reply) => {
            // A message requires both URLs, a reply neither.
            let address = reply.music_url.as_ref().or(reply.hq_music_url.as_ref());
            let address = address.map(String::as_str).unwrap_or_default();
            let mut music = Music::new(address, &reply.thumb_media_id);
            if let Some(url) = &reply.hq_music_url {
                music = music.hq_music_url(url);
            }
            if let Some(title) = &reply.title {
                music = music.title(title);
            }
            if let Some(description) = &reply.description {
                music = music.description(description);
            }
            SendCustomerServiceMessage::music(openid, music)
        }
        ReplyKind::News(articles) => {
            let Some(first) = articles.first() else {
                return Err(unsendable("has no article"));
            };
            SendCustomerServiceMessage::news(openid, first.clone())
        }
        ReplyKind::Video(_) => {
            return Err(unsendable(
                "is a video: send it with SendCustomerServiceMessage::video and a picture",
            ));
        }
        ReplyKind::CustomerService(_) => {
            return Err(unsendable(
                "transfers to customer service, which is only possible before the deadline",
            ));
        }
        ReplyKind::Document(_) | ReplyKind::Acknowledged { .. } => {
            return Err(unsendable("can only answer its push, before the deadline"));
        }
        ReplyKind::None => return Err(unsendable("is empty")),
    })
}

fn unsendable(why: &'static str) -> Error {
    Error::input("reply", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback;
    use serde_json::json;

    fn sent(reply: &Reply) -> serde_json::Value {
        serde_json::to_value(message("o1", reply).unwrap()).unwrap()
    }

    #[test]
    fn replies_are_sent_as_what_they_are() {
        assert_eq!(
            sent(&Reply::text("hi")),
            json!({"touser": "o1", "msgtype": "text", "text": {"content": "hi"}})
        );
        assert_eq!(sent(&Reply::image("M"))["image"]["media_id"], "M");
        assert_eq!(sent(&Reply::voice("M"))["voice"]["media_id"], "M");
        let music = callback::Music::new("T").title("t").description("d");
        assert_eq!(
            sent(&Reply::music(music.hq_music_url("h")))["music"],
            json!({"musicurl": "h", "hqmusicurl": "h", "thumb_media_id": "T", "title": "t",
                "description": "d"})
        );
        let articles = ["one", "two"].map(|title| callback::Article::new(title, "u"));
        assert_eq!(
            sent(&Reply::news(articles))["news"]["articles"],
            json!([{"title": "one", "description": "", "url": "u", "picurl": ""}])
        );
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        for reply in [
            Reply::none(),
            Reply::news([]),
            Reply::video("M"),
            Reply::transfer_customer_service(),
        ] {
            let error = message("o1", &reply).unwrap_err();
            assert_eq!(error.field(), Some("reply"), "{error}");
        }
    }
}
