//! Every event as the platform sends it, in XML and in JSON, and the fields of its view.

mod account;
mod card;
mod message;
mod mini_program;
mod subscribe_message;
mod user;

use tower_wechat::callback::event::*;
use tower_wechat::{AppId, Event, Message};

fn parse(text: String) -> Message {
    Message::parse(AppId::new("wx0000000000000001").unwrap(), text).unwrap()
}

fn xml(event: &str, fields: &str) -> Message {
    parse(format!(
        "<xml><ToUserName><![CDATA[gh_0a1b2c3d4e5f]]></ToUserName>\
         <FromUserName><![CDATA[oTEST_user_0001]]></FromUserName>\
         <CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[{event}]]></Event>{fields}</xml>"
    ))
}

fn json(event: &str, fields: &str) -> Message {
    parse(format!(
        r#"{{"ToUserName":"gh_0a1b2c3d4e5f","FromUserName":"oTEST_user_0001",
        "CreateTime":"1767225600","MsgType":"event","Event":"{event}",{fields}}}"#
    ))
}

/// Returns the same flat fields as XML, as JSON, and as JSON with every value as a string.
fn flat(event: &str, fields: &[(&str, &str)]) -> [Message; 3] {
    let tags = fields
        .iter()
        .map(|(name, value)| format!("<{name}>\n<![CDATA[{value}]]> </{name}>\n"));
    let pairs = |quote_all: bool| {
        let pairs = fields.iter().map(|(name, value)| {
            let number = value
                .parse::<i64>()
                .is_ok_and(|it| it.to_string() == *value);
            match number && !quote_all {
                true => format!(r#""{name}":{value}"#),
                false => format!(r#""{name}":"{value}""#),
            }
        });
        pairs.collect::<Vec<_>>().join(",")
    };
    [
        xml(event, &tags.collect::<String>()),
        json(event, &pairs(false)),
        json(event, &pairs(true)),
    ]
}

/// Returns the view of a message and panics if the message is of another kind.
macro_rules! view {
    ($message:expr, $event:ident) => {
        match $message.event() {
            Event::$event(view) => view,
            other => panic!("{other:?}"),
        }
    };
}

use view;

/// A test of an event with flat fields: its name in several capitalizations, and its view.
macro_rules! golden {
    ($test:ident: $event:ident = $name:literal { $($field:ident: $value:literal),* $(,)? }
        => |$view:ident| $check:block) => {
        #[test]
        fn $test() {
            let fields = [$((stringify!($field), $value)),*];
            for name in [$name.to_owned(), $name.to_uppercase(), $name.to_lowercase()] {
                for message in flat(&name, &fields) {
                    assert_eq!(message.event_name(), Some(&*name));
                    assert_eq!(message.create_time(), Some(1767225600));
                    let $view = view!(message, $event);
                    $check
                    assert_eq!($view.message().from_user_name(), "oTEST_user_0001");
                }
            }
        }
    };
}
use golden;
