//! Pushes of kinds that have no view of their own.

use crate::callback::Fields;

view! {
    /// A message or an event of another kind, with all its fields.
    Other {
        /// The kind of message, `event` for an event. Empty for the pushes that have none, such as
        /// those of 第三方平台, which tell their kind in the field `InfoType`.
        msg_type: text = "MsgType";
        /// The kind of event, as it was sent. The platform's capitals are irregular: compare with
        /// [`is`](Self::is).
        event: value = "Event";
    }
}

impl<'a> Other<'a> {
    /// Whether it is this kind of event, in capitals or not.
    pub fn is(&self, event: &str) -> bool {
        self.event()
            .is_some_and(|name| name.eq_ignore_ascii_case(event))
    }

    /// The text of the first field that has this very name.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        self.0.field(name)
    }

    /// All fields in the order they were sent.
    pub fn fields(&self) -> Fields<'a> {
        self.0.fields()
    }
}
