//! Macros that declare views. Each field has a method, a kind, a name in the document, and
//! optionally, after `in`, the name of the element around it.

/// Declares a view of a message, or of an element of a list (`part`). The kinds of fields are
/// - `text`: `&str`, empty if absent,
/// - `value`: `Option<&str>`, `None` if absent or empty,
/// - `number T`: `Option<T>`, `None` if absent or not a valid number,
/// - `decimal`: `Option<f64>`, `None` if absent or not a finite number,
/// - `flag`: `Option<bool>`, `None` if absent or not a boolean,
/// - `choice T`: `Option<T>`, an enumerated value, `None` if absent or empty,
/// - `numbers T`: an iterator over `T`,
/// - `list T`: an iterator over the part `T`.
macro_rules! view {
    ($(#[$doc:meta])* part $view:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<'a>(crate::callback::Field<'a>);

        impl<'a> crate::callback::event::read::Part<'a> for $view<'a> {
            fn of(field: crate::callback::Field<'a>) -> Self {
                Self(field)
            }
        }

        impl<'a> $view<'a> {
            view!(@fields $($fields)*);

            /// Returns the element with all its fields.
            pub fn element(&self) -> crate::callback::Field<'a> {
                self.0
            }

            fn all(&self) -> crate::callback::Fields<'a> {
                self.0.children()
            }
        }
    };
    ($(#[$doc:meta])* $view:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<'a>(pub(super) &'a crate::callback::Message);

        impl<'a> $view<'a> {
            view!(@fields $($fields)*);

            /// Returns the message with all its fields.
            pub fn message(&self) -> &'a crate::callback::Message {
                self.0
            }

            #[allow(dead_code, reason = "a view may have no field of its own")]
            fn all(&self) -> crate::callback::Fields<'a> {
                self.0.fields()
            }
        }
    };
    (@fields $(
        $(#[$doc:meta])* $method:ident: $kind:ident $($of:ident)? = $name:literal $(in $block:literal)?;
    )*) => {
        $(view!(@field $(#[$doc])* $method $kind $($of)? = crate::callback::event::read::Place {
            name: $name,
            block: view!(@block $($block)?),
        });)*
    };
    (@block) => { None };
    (@block $block:literal) => { Some($block) };
    (@field $(#[$doc:meta])* $method:ident $kind:ident $($of:ident)? = $place:expr) => {
        $(#[$doc])*
        pub fn $method(&self) -> view!(@type $kind $($of)?) {
            $place.$kind(self.all())
        }
    };
    (@type text) => { &'a str };
    (@type value) => { Option<&'a str> };
    (@type number $number:ident) => { Option<$number> };
    (@type decimal) => { Option<f64> };
    (@type flag) => { Option<bool> };
    (@type choice $choice:ident) => { Option<$choice<'a>> };
    (@type numbers $number:ident) => { impl Iterator<Item = $number> + use<'a> };
    (@type list $part:ident) => { impl Iterator<Item = $part<'a>> + use<'a> };
}

/// Declares an enumerated value: its variants and their texts in the document.
macro_rules! choice {
    ($(#[$doc:meta])* $choice:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $choice<'a> {
            $($(#[$variant_doc])* $variant,)*
            /// Another value, as received.
            Other(&'a str),
        }

        impl<'a> crate::callback::event::read::Choice<'a> for $choice<'a> {
            fn of(text: &'a str) -> Self {
                $(if text.eq_ignore_ascii_case($text) {
                    return Self::$variant;
                })*
                Self::Other(text)
            }
        }
    };
}

/// Declares [`Event`](super::Event): the views, and their values of `MsgType` or `Event`.
macro_rules! events {
    (
        $(#[$doc:meta])*
        messages { $($(#[$message_doc:meta])* $message:ident($message_view:ident) = $msg_type:literal;)* }
        events { $($(#[$event_doc:meta])* $event:ident($event_view:ident) = $name:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub enum Event<'a> {
            $($(#[$message_doc])* $message($message_view<'a>),)*
            $($(#[$event_doc])* $event($event_view<'a>),)*
            /// Any other push.
            Other(Other<'a>),
        }

        impl<'a> Event<'a> {
            pub(crate) fn of(message: &'a Message) -> Self {
                match message.msg_type() {
                    "event" => Self::of_event(message),
                    $($msg_type => Self::$message($message_view(message)),)*
                    _ => Self::Other(Other(message)),
                }
            }

            /// Matches the event name, ignoring ASCII case: the platform's capitalisation is
            /// irregular.
            fn of_event(message: &'a Message) -> Self {
                let name = message.event_name().unwrap_or_default();
                $(if name.eq_ignore_ascii_case($name) {
                    return Self::$event($event_view(message));
                })*
                Self::Other(Other(message))
            }
        }
    };
}
