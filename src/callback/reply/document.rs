//! Writes the document of a reply. Source: 被动回复用户消息.

use super::Reply;
use super::kind::Kind;
use super::writer::{Writer, legal, name};
use crate::callback::Message;
use crate::text;

impl Reply {
    /// Writes the document that answers `message` at the Unix time `now`, after the prefix `front`.
    /// Returns `None` if the answer is `success`.
    pub(crate) fn document(&self, message: &Message, now: u64, front: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Kind::Document(document) => return Some([front, document.text.as_bytes()].concat()),
            Kind::Acknowledged { err_code, err_msg } => {
                let mut writer = Writer::new(message.format(), front, 96 + err_msg.len());
                writer.integer(name!("ErrCode"), *err_code);
                writer.text(name!("ErrMsg"), err_msg);
                return Some(writer.finish());
            }
            _ => {}
        }
        let parts = [message.from_user_name(), message.to_user_name()];
        // An empty required element makes the platform tell the user that the account is out of
        // service.
        if self.is_empty() || parts.iter().any(|name| name.is_empty()) {
            return None;
        }
        let [to, from] = parts;
        let mut writer = Writer::new(message.format(), front, 320 + self.size());
        writer.text(name!("ToUserName"), to);
        writer.text(name!("FromUserName"), from);
        writer.number(name!("CreateTime"), now);
        writer.plain(name!("MsgType"), self.msg_type());
        self.write(&mut writer, message);
        Some(writer.finish())
    }

    /// Estimates the length of the content, in bytes.
    fn size(&self) -> usize {
        match &self.0 {
            Kind::Text(content) => content.len(),
            Kind::Document(document) => document.text.len(),
            Kind::News(articles) => 512 * articles.len(),
            Kind::Video(_) | Kind::Music(_) => 512,
            Kind::None
            | Kind::Image(_)
            | Kind::Voice(_)
            | Kind::CustomerService(_)
            | Kind::Acknowledged { .. } => 128,
        }
    }

    fn msg_type(&self) -> &'static str {
        match self.0 {
            Kind::None | Kind::Document(_) | Kind::Acknowledged { .. } => "",
            Kind::Text(_) => "text",
            Kind::Image(_) => "image",
            Kind::Voice(_) => "voice",
            Kind::Video(_) => "video",
            Kind::Music(_) => "music",
            Kind::News(_) => "news",
            Kind::CustomerService(_) => "transfer_customer_service",
        }
    }

    fn write(&self, writer: &mut Writer, message: &Message) {
        match &self.0 {
            Kind::None
            | Kind::CustomerService(None)
            | Kind::Document(_)
            | Kind::Acknowledged { .. } => {}
            Kind::Text(content) => {
                let content = legal(content);
                let (shown, _) = text::split(&content, Self::MAX_TEXT, usize::MAX);
                let bytes = content.len();
                if shown.len() < bytes {
                    let (appid, limit) = (message.appid(), Self::MAX_TEXT);
                    tracing::warn!(%appid, bytes, limit, "cut a reply text that is too long");
                }
                writer.text(name!("Content"), shown);
            }
            Kind::Image(id) => {
                writer.object(name!("Image"), |writer| writer.text(name!("MediaId"), id))
            }
            Kind::Voice(id) => {
                writer.object(name!("Voice"), |writer| writer.text(name!("MediaId"), id))
            }
            Kind::Video(video) => writer.object(name!("Video"), |writer| video.write(writer)),
            Kind::Music(music) => writer.object(name!("Music"), |writer| music.write(writer)),
            Kind::News(articles) => {
                let shown = articles.iter().take(max_articles(message));
                let count = u32::try_from(shown.len()).unwrap_or_default();
                writer.number(name!("ArticleCount"), count);
                writer.list(name!("Articles"), shown, |writer, article| {
                    article.write(writer)
                });
            }
            Kind::CustomerService(Some(account)) => {
                writer.object(name!("TransInfo"), |writer| {
                    writer.text(name!("KfAccount"), account)
                });
            }
        }
    }
}

/// Returns how many articles the platform shows in reply to `message`.
fn max_articles(message: &Message) -> usize {
    match message.msg_type() {
        "text" | "image" | "voice" | "video" | "shortvideo" | "location" | "link" => 1,
        _ => Reply::MAX_ARTICLES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AppId;
    use crate::callback::document::Document;
    use crate::callback::{Article, Music, Video};
    use proptest::prelude::*;

    fn message(msg_type: &str) -> Message {
        let text = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <MsgType>{msg_type}</MsgType></xml>"
        );
        Message::parse(AppId::new("wx1").unwrap(), text).unwrap()
    }

    fn json() -> Message {
        let text = r#"{"ToUserName":"gh_1","FromUserName":"o1","MsgType":"event"}"#;
        Message::parse(AppId::new("wx1").unwrap(), text.into()).unwrap()
    }

    fn content(reply: &Reply, message: &Message) -> String {
        let document = String::from_utf8(reply.document(message, 7, b"").unwrap()).unwrap();
        let head = match document.starts_with('<') {
            true => {
                "<xml><ToUserName><![CDATA[o1]]></ToUserName><FromUserName><![CDATA[gh_1]]>\
                 </FromUserName><CreateTime>7</CreateTime><MsgType><![CDATA["
            }
            false => r#"{"ToUserName":"o1","FromUserName":"gh_1","CreateTime":7,"MsgType":""#,
        };
        document
            .strip_prefix(head)
            .unwrap()
            .replace("<![CDATA[", "")
            .replace("]]>", "")
    }

    #[test]
    fn every_kind_has_its_document() {
        let music = Music::new("T")
            .title("t")
            .description("d")
            .music_url("u")
            .hq_music_url("h");
        for (reply, document) in [
            (
                Reply::text("hi"),
                "text</MsgType><Content>hi</Content></xml>",
            ),
            (
                Reply::image("M"),
                "image</MsgType><Image><MediaId>M</MediaId></Image></xml>",
            ),
            (
                Reply::voice("M"),
                "voice</MsgType><Voice><MediaId>M</MediaId></Voice></xml>",
            ),
            (
                Reply::video("M"),
                "video</MsgType><Video><MediaId>M</MediaId></Video></xml>",
            ),
            (
                Reply::video(Video::new("M").title("t").description("d")),
                "video</MsgType><Video><MediaId>M</MediaId><Title>t</Title>\
                 <Description>d</Description></Video></xml>",
            ),
            (
                Reply::music(music),
                "music</MsgType><Music><Title>t</Title><Description>d</Description>\
                 <MusicUrl>u</MusicUrl><HQMusicUrl>h</HQMusicUrl><ThumbMediaId>T</ThumbMediaId>\
                 </Music></xml>",
            ),
            (
                Reply::news([Article::new("t", "u").description("d").pic_url("p")]),
                "news</MsgType><ArticleCount>1</ArticleCount><Articles><item><Title>t</Title>\
                 <Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item></Articles></xml>",
            ),
            (
                Reply::transfer_customer_service(),
                "transfer_customer_service</MsgType></xml>",
            ),
            (
                Reply::transfer_customer_service_to("a@b"),
                "transfer_customer_service</MsgType><TransInfo><KfAccount>a@b</KfAccount>\
                 </TransInfo></xml>",
            ),
        ] {
            assert_eq!(content(&reply, &message("text")), document);
        }
    }

    #[test]
    fn a_json_push_gets_a_json_document() {
        assert_eq!(
            content(&Reply::text("a\"b"), &json()),
            r#"text","Content":"a\"b"}"#
        );
        let news = Reply::news([Article::new("t", "u"), Article::new("t", "v")]);
        let articles = r#"news","ArticleCount":2,"Articles":[{"Title":"t","Description":"","#;
        assert!(content(&news, &json()).starts_with(articles));
    }

    #[test]
    fn what_the_platform_cannot_show_is_success() {
        for reply in [
            Reply::none(),
            Reply::text(""),
            Reply::text("\u{1}"),
            Reply::image(""),
            Reply::voice(""),
            Reply::video(""),
            Reply::music(""),
            Reply::news([]),
        ] {
            assert_eq!(reply.document(&message("text"), 7, b""), None, "{reply:?}");
        }
        let nobody = Message::parse(AppId::new("wx1").unwrap(), "<xml/>".into()).unwrap();
        assert_eq!(Reply::text("hi").document(&nobody, 7, b""), None);
    }

    #[test]
    fn articles_beyond_what_is_shown_are_not_sent() {
        let articles = (0..10).map(|index| Article::new(index.to_string(), "u"));
        let news = Reply::news(articles);
        assert!(content(&news, &message("text")).contains("<ArticleCount>1<"));
        let event = content(&news, &message("event"));
        assert!(event.contains("<ArticleCount>8<"));
        assert_eq!(event.matches("<item>").count(), 8);
    }

    proptest! {
        #[test]
        fn text_is_read_back_as_it_was_written(text in ".+") {
            for message in [message("text"), json()] {
                match Reply::text(&*text).document(&message, 7, b"") {
                    None => prop_assert!(legal(&text).is_empty()),
                    Some(document) => {
                        let document = Document::parse(String::from_utf8(document).unwrap()).unwrap();
                        let content = document.fields().find(|field| field.name() == "Content");
                        prop_assert_eq!(content.unwrap().text(), legal(&text));
                    }
                }
            }
        }
    }
}
