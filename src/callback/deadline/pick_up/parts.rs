//! Splits a late reply into parts, each of which can answer one message.

use std::sync::Arc;

use super::Taken;
use crate::callback::reply::writer::legal;
use crate::callback::{Reply, ReplyKind};
use crate::error::Error;
use crate::panic::{Panicked, contain};
use crate::text;

/// The bytes that a part of a split text leaves for the text of [`Remaining`].
const ROOM: usize = 128;

/// Splits a reply into parts, none of which is empty.
///
/// # Errors
/// Returns an input error if the reply is only valid in time.
pub(super) fn of(reply: &Reply) -> Result<Vec<Reply>, Error> {
    if reply.is_empty() {
        return Err(Error::input("reply", "is empty"));
    }
    Ok(match reply.kind() {
        ReplyKind::Text(content) => texts(&legal(content)),
        ReplyKind::News(articles) => {
            let articles = articles.iter().cloned();
            articles.map(|article| Reply::news([article])).collect()
        }
        ReplyKind::Image(_) | ReplyKind::Voice(_) | ReplyKind::Video(_) | ReplyKind::Music(_) => {
            vec![reply.clone()]
        }
        // The document has content that can be shown later.
        ReplyKind::Document(_) if !answers_one_push(reply) => vec![reply.clone()],
        ReplyKind::CustomerService(_)
        | ReplyKind::Acknowledged { .. }
        | ReplyKind::Document(_)
        | ReplyKind::None => {
            return Err(Error::input(
                "reply",
                "can only answer its push, before the deadline",
            ));
        }
    })
}

/// Whether a reply shows nothing but has an effect on the push that it answers.
pub(in crate::callback::deadline) fn answers_one_push(reply: &Reply) -> bool {
    !reply.is_empty() && reply.suits_mini_program()
}

fn texts(content: &str) -> Vec<Reply> {
    let content = content.trim_end();
    if content.len() <= Reply::MAX_TEXT {
        return vec![Reply::text(content)];
    }
    let mut parts = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let (part, after) = text::split(rest, Reply::MAX_TEXT - ROOM, usize::MAX);
        // A blank part would cost the user a message and show nothing.
        if !part.trim().is_empty() {
            parts.push(Reply::text(part));
        }
        rest = after;
    }
    parts
}

/// Formats the number of parts that are left.
#[derive(Clone)]
pub(super) struct Remaining(Arc<dyn Fn(usize) -> String + Send + Sync>);

impl Default for Remaining {
    fn default() -> Self {
        Self::new(|left| format!("\n\n（还有 {left} 条，回复任意内容继续）"))
    }
}

impl Remaining {
    pub(super) fn new<F, S>(text: F) -> Self
    where
        F: Fn(usize) -> S + Send + Sync + 'static,
        S: Into<String>,
    {
        Self(Arc::new(move |left| text(left).into()))
    }

    /// Returns the part as the user sees it.
    pub(super) fn show(&self, taken: Taken) -> Reply {
        let Taken { reply, left } = taken;
        let Some(content) = reply.as_text().filter(|_| left > 0) else {
            return reply;
        };
        let remaining = contain(|| (self.0)(left)).unwrap_or_else(|Panicked| {
            tracing::error!("the text set by PickUp::remaining panicked");
            String::new()
        });
        let content = content.trim_end();
        match content.len() + remaining.len() <= Reply::MAX_TEXT {
            true => Reply::text([content, &remaining].concat()),
            false => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::Article;
    use proptest::prelude::*;

    fn shown(reply: &Reply) -> &str {
        reply.as_text().unwrap()
    }

    #[test]
    fn a_reply_is_split_to_what_one_message_is_answered_with() {
        let articles = ["one", "two"].map(|title| Article::new(title, "u"));
        let parts = of(&Reply::news(articles.clone())).unwrap();
        assert_eq!(parts, articles.map(|article| Reply::news([article])));
        for whole in [
            Reply::image("M"),
            Reply::text("t"),
            Reply::text("x".repeat(2048)),
        ] {
            assert_eq!(of(&whole).unwrap(), [whole]);
        }
        assert_eq!(of(&Reply::text("x".repeat(2049))).unwrap().len(), 2);
        let text = "<xml><MsgType>text</MsgType><Content>hi</Content></xml>";
        assert_eq!(of(&Reply::raw(text).unwrap()).unwrap().len(), 1);
    }

    #[test]
    fn what_answers_one_push_alone_says_so() {
        let assistant = "<xml><MsgType>transfer_biz_ai_ivr</MsgType></xml>";
        for reply in [
            Reply::none(),
            Reply::transfer_customer_service(),
            Reply::acknowledged(0, "success"),
            Reply::raw(assistant).unwrap(),
        ] {
            assert_eq!(of(&reply).unwrap_err().field(), Some("reply"), "{reply:?}");
        }
    }

    #[test]
    fn a_remainder_that_panics_or_is_too_long_is_left_off() {
        let part = || Taken::new(Reply::text("part"), 2);
        let of = |remaining: Remaining| remaining.show(part());
        assert_eq!(
            of(Remaining::new(|left| format!("+{left}"))),
            Reply::text("part+2")
        );
        assert_eq!(
            of(Remaining::new(|_| "x".repeat(2045))),
            Reply::text("part")
        );
        let panics = |_| -> String { panic!("in the host's code") };
        assert_eq!(of(Remaining::new(panics)), Reply::text("part"));
        let last = Remaining::default().show(Taken::new(Reply::text("part"), 0));
        assert_eq!(last, Reply::text("part"));
        let image = Remaining::default().show(Taken::new(Reply::image("M"), 2));
        assert_eq!(image, Reply::image("M"));
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text_and_fit(text in "([a-z。\n\u{1} ]|👍|<a |</a>){1,9}", times in 1..900_usize) {
            let text = text.repeat(times);
            prop_assume!(!text.trim_matches(['\u{1}', ' ', '\n']).is_empty());
            let parts = of(&Reply::text(&text)).unwrap();
            let joined: String = parts.iter().map(shown).collect();
            let legal = legal(&text);
            let blank = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(blank(&joined), blank(&legal));
            prop_assert!(parts.iter().all(|part| parts.len() == 1 || !shown(part).trim().is_empty()));
            for part in &parts {
                let content = Remaining::default().show(Taken::new(part.clone(), 31));
                prop_assert!(shown(&content).len() <= Reply::MAX_TEXT);
                prop_assert!(parts.len() == 1 || shown(&content).ends_with("（还有 31 条，回复任意内容继续）"));
            }
        }
    }
}
