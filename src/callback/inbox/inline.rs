//! Pushes whose answer is not `success`.

use std::sync::Arc;

use crate::callback::Message;

/// The events that must be answered by their handler, beside those of virtual payment.
#[derive(Debug, Clone, Default)]
pub(super) struct InlineEvents(Arc<[Box<str>]>);

impl InlineEvents {
    pub(super) fn and(&self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let more = names.into_iter().map(|name| name.into().into_boxed_str());
        Self(self.0.iter().cloned().chain(more).collect())
    }

    /// Whether `success` would not answer this push.
    pub(super) fn contains(&self, message: &Message) -> bool {
        let is = |name: &str| message.is_event(name);
        is_payment(message) || self.0.iter().any(|name| is(name))
    }
}

/// Whether this is an event of virtual payment, which is answered by an object of its own.
fn is_payment(message: &Message) -> bool {
    let Some(event) = message.event_name() else {
        return false;
    };
    let event = event.to_ascii_lowercase();
    message.msg_type() == "event"
        && (event.starts_with("xpay_") || event.ends_with("_deliver_notify"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppId;

    #[test]
    fn events_of_payment_and_those_of_the_application_are_answered_by_their_handler() {
        let event = |name: &str| {
            let text = format!("<xml><MsgType>event</MsgType><Event>{name}</Event></xml>");
            Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
        };
        let inline = InlineEvents::default().and(["my_event"]);
        for name in [
            "xpay_goods_deliver_notify",
            "XPAY_refund_notify",
            "minigame_h5_goods_deliver_notify",
            "MY_EVENT",
        ] {
            assert!(inline.contains(&event(name)), "{name}");
        }
        assert!(!inline.contains(&event("subscribe")));
        assert!(!InlineEvents::default().contains(&event("my_event")));
    }
}
