//! Access to the service inside a service.

/// Defines `get_ref`, `get_mut` and `into_inner` for the field of the inner service.
macro_rules! inner_service_accessors {
    ($inner:ident: $service:ident) => {
        /// Returns a reference to the inner service.
        pub fn get_ref(&self) -> &$service {
            &self.$inner
        }

        /// Returns a mutable reference to the inner service.
        pub fn get_mut(&mut self) -> &mut $service {
            &mut self.$inner
        }

        /// Returns the inner service.
        pub fn into_inner(self) -> $service {
            self.$inner
        }
    };
}

pub(crate) use inner_service_accessors;
