//! Pushes with arbitrary texts, written as the platform writes them. `PROPTEST_CASES` sets the
//! number of cases.

use proptest::prelude::*;
use tower_wechat::Message;

use super::{document, event, names, read};

/// Pieces of documents and of attacks on them.
const PIECES: &[&str] = &[
    "]]>",
    "<![CDATA[",
    "]",
    "]]",
    ">",
    "<",
    "&",
    "&amp;",
    "&#55357;",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE a>",
    "\0",
    "\u{8}",
    " ",
    "\n",
    "你",
    "😀",
    "a",
    "\"",
    "'",
    "/>",
    "<xml>",
    "</xml>",
    "<Content>",
    "</Content>",
    "<Title>",
    "</Title>",
    "<Description>",
    "</Description>",
    "<Url>",
    "</Url>",
    "<PagePath>",
    "</PagePath>",
    "<AppId>",
    "</AppId>",
    "<Label>",
    "</Label>",
    "<Poiname>",
    "</Poiname>",
    "<EventKey>",
    "</EventKey>",
    "<ScanResult>",
    "</ScanResult>",
    "<ScanCodeInfo>",
    "</ScanCodeInfo>",
    "<SendLocationInfo>",
    "</SendLocationInfo>",
    "<MsgId>1</MsgId>",
    "<MsgType><![CDATA[event]]></MsgType>",
    "<Recognition>",
    "</Recognition>",
    "<FromUserName><![CDATA[oV]]></FromUserName>",
    "<SessionFrom>",
    "</SessionFrom>",
    "<X>",
    "</X>",
    "]]></Content><Content><![CDATA[",
    "]]></Title><Description><![CDATA[",
    "]]></Title><AppId><![CDATA[E]]></AppId><PagePath><![CDATA[",
    "]]></Title><Url><![CDATA[",
    "]]></Label><Poiname><![CDATA[",
    "]]></Description><Url><![CDATA[",
];

fn typed() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..8);
    prop_oneof![
        6 => pieces.prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => "[\\]><!\\[CDAT/a&; ]{0,12}",
    ]
}

/// A kind of push: the fields before the user's fields, the user's fields, and the fields after.
struct Kind {
    document: fn(&[String]) -> String,
    parent: Option<&'static str>,
    filled: &'static [&'static str],
    /// The platform's fields, which no text may change.
    own: &'static [(&'static str, &'static str)],
}

macro_rules! top {
    ($msg_type:literal, [$($name:literal),*], $own:expr) => {
        Kind {
            document: |texts| {
                let texts: Vec<_> = [$($name),*].into_iter().zip(texts.iter().map(String::as_str)).collect();
                document(&[&[("MsgType", $msg_type)], &*texts].concat(), "<MsgId>9</MsgId>")
            },
            parent: None,
            filled: &[$($name),*],
            own: $own,
        }
    };
}

const ID: &[(&str, &str)] = &[("MsgId", "9")];

const KINDS: &[Kind] = &[
    top!("text", ["Content"], ID),
    top!("voice", ["Recognition"], ID),
    top!("link", ["Title", "Description", "Url"], ID),
    top!("file", ["Title", "Description"], ID),
    top!("location", ["Label", "Poiname"], ID),
    Kind {
        document: |texts| {
            let fields = [
                ("MsgType", "miniprogrampage"),
                ("Title", &*texts[0]),
                ("AppId", "wx1"),
                ("PagePath", &texts[1]),
            ];
            document(&fields, "<MsgId>9</MsgId>")
        },
        parent: None,
        filled: &["Title", "PagePath"],
        own: &[("AppId", "wx1"), ("MsgId", "9")],
    },
    Kind {
        document: |texts| event("SCAN", &[("EventKey", &texts[0]), ("Ticket", "T")]),
        parent: None,
        filled: &["EventKey"],
        own: &[("Event", "SCAN"), ("Ticket", "T")],
    },
    Kind {
        document: |texts| event("user_enter_tempsession", &[("SessionFrom", &texts[0])]),
        parent: None,
        filled: &["SessionFrom"],
        own: &[("Event", "user_enter_tempsession")],
    },
    Kind {
        document: |texts| {
            let info = format!(
                "<ScanType><![CDATA[qr]]></ScanType><ScanResult><![CDATA[{}]]></ScanResult>",
                texts[0]
            );
            event(
                "scancode_push",
                &[("EventKey", "k"), ("ScanCodeInfo", &info)],
            )
        },
        parent: Some("ScanCodeInfo"),
        filled: &["ScanResult"],
        own: &[("Event", "scancode_push"), ("EventKey", "k")],
    },
    Kind {
        document: |texts| {
            let info = format!(
                "<Location_X><![CDATA[1]]></Location_X><Label><![CDATA[{}]]></Label><Poiname><![CDATA[{}]]></Poiname>",
                texts[0], texts[1],
            );
            event(
                "location_select",
                &[("EventKey", "k"), ("SendLocationInfo", &info)],
            )
        },
        parent: Some("SendLocationInfo"),
        filled: &["Label", "Poiname"],
        own: &[("Event", "location_select"), ("EventKey", "k")],
    },
];

fn filled<'a>(kind: &Kind, message: &'a Message) -> Vec<&'a str> {
    let parent = kind.parent.map(|parent| {
        message
            .fields()
            .find(|field| field.name() == parent)
            .unwrap()
    });
    let field = |name: &&str| match &parent {
        Some(parent) => parent.field(name).unwrap(),
        None => message.field(name).unwrap(),
    };
    kind.filled.iter().map(field).collect()
}

/// Returns whether a text contains everything that separates two fields of its kind.
fn holds_a_separator(kind: &Kind, text: &str) -> bool {
    let names = kind.filled;
    let pairs = names
        .iter()
        .enumerate()
        .flat_map(|(at, name)| names[at + 1..].iter().map(move |next| (name, next)));
    pairs.into_iter().any(|(name, next)| {
        let mark = format!("]]></{name}>");
        let mut ends = text
            .match_indices(&*mark)
            .map(|(at, end)| &text[at + end.len()..]);
        ends.any(|behind| behind.contains(&format!("<{next}><![CDATA[")))
    })
}

fn check(kind: &Kind, texts: &[String]) -> Result<(), TestCaseError> {
    let texts = &texts[..kind.filled.len()];
    let document = (kind.document)(texts);
    let message = read(&document);
    let plain = vec!["a".to_owned(); texts.len()];
    let plain = read(&(kind.document)(&plain));

    // No field of the platform is changed or repeated.
    prop_assert_eq!(message.from_user_name(), "o1");
    prop_assert_eq!(message.to_user_name(), "gh_1");
    prop_assert_eq!(message.msg_type(), plain.msg_type());
    let without = |message: &Message| -> Vec<String> {
        let names = names(message).into_iter().map(str::to_owned);
        names
            .filter(|name| !message.is_ambiguous() || name != "AppId")
            .collect()
    };
    let mut expected = without(&plain);
    expected.retain(|name| !message.is_ambiguous() || name != "AppId");
    prop_assert_eq!(without(&message), expected);
    for (name, value) in kind.own {
        let absent = message.is_ambiguous() && *name == "AppId";
        prop_assert_eq!(message.field(name), (!absent).then_some(*value));
    }

    let put_together = |text: &String| text.replace("]]]]><![CDATA[>", "]]>");
    let texts_as_read: Vec<_> = texts.iter().map(put_together).collect();
    let separated = texts.iter().any(|text| holds_a_separator(kind, text));
    if !separated {
        prop_assert!(!message.is_ambiguous());
        prop_assert_eq!(filled(kind, &message), texts_as_read);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_text_is_read_as_typed(at in 0..KINDS.len(), texts in prop::array::uniform3(typed())) {
        check(&KINDS[at], &texts)?;
    }

    /// Senders that escape their texts are supported too.
    #[test]
    fn every_escaped_text_is_read_as_typed(at in 0..KINDS.len(), texts in prop::array::uniform3(typed())) {
        let kind = &KINDS[at];
        let sections = texts.clone().map(|text| text.replace("]]>", "]]]]><![CDATA[>"));
        let message = read(&(kind.document)(&sections));
        prop_assert_eq!(filled(kind, &message), &texts[..kind.filled.len()]);
        prop_assert!(!message.is_ambiguous());
    }
}
