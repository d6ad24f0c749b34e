//! How a view is declared: its name, and for each field the method, the kind and the name it has
//! in the document.

/// Declares a view over a message. The kinds of fields are
/// - `text`: `&str`, empty if it was not sent,
/// - `value`: `Option<&str>`, `None` if it was not sent or empty,
/// - `number T`: `Option<T>`, `None` if it was not sent or is not one.
/// - `decimal`: `Option<f64>`, `None` as well for an infinite number or none at all.
macro_rules! view {
    ($(#[$doc:meta])* $view:ident {
        $($(#[$field_doc:meta])* $method:ident: $kind:ident $($number:ty)? = $field:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<'a>(pub(super) &'a crate::callback::Message);

        impl<'a> $view<'a> {
            $(view!(@field $(#[$field_doc])* $method $kind $($number)? = $field);)*

            /// The message with all its fields.
            pub fn message(&self) -> &'a crate::callback::Message {
                self.0
            }
        }
    };
    (@field $(#[$doc:meta])* $method:ident text = $field:literal) => {
        $(#[$doc])*
        pub fn $method(&self) -> &'a str {
            self.0.text($field)
        }
    };
    (@field $(#[$doc:meta])* $method:ident value = $field:literal) => {
        $(#[$doc])*
        pub fn $method(&self) -> Option<&'a str> {
            self.0.value($field)
        }
    };
    (@field $(#[$doc:meta])* $method:ident number $number:ty = $field:literal) => {
        $(#[$doc])*
        pub fn $method(&self) -> Option<$number> {
            self.0.number($field)
        }
    };
    (@field $(#[$doc:meta])* $method:ident decimal = $field:literal) => {
        $(#[$doc])*
        pub fn $method(&self) -> Option<f64> {
            self.0.number($field).filter(|number: &f64| number.is_finite())
        }
    };
}
