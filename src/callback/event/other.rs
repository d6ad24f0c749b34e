//! The view of unknown kinds of pushes.

use crate::callback::Fields;

view! {
    /// A message or an event of an unknown kind, with all its fields.
    Other {
        /// The type of the message; `event` for an event. Empty for pushes without a type, such as
        /// those of 第三方平台, which have the field `InfoType` instead.
        msg_type: text = "MsgType";
        /// The name of the event as received. The platform's capitalisation is irregular: compare
        /// with [`is`](Self::is).
        event: value = "Event";
    }
}

impl<'a> Other<'a> {
    /// Returns whether this is the event `event`, ignoring ASCII case.
    pub fn is(&self, event: &str) -> bool {
        self.event()
            .is_some_and(|name| name.eq_ignore_ascii_case(event))
    }

    /// Returns the text of the first field with exactly this name.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.0.field(name)
    }

    /// Returns all fields in document order.
    pub fn fields(&self) -> Fields<'a> {
        self.0.fields()
    }
}
