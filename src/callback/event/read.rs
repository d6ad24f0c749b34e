//! Finds the fields of a view.
//!
//! Names are compared without case, because the platform spells some of them in several ways
//! (`OpenID` and `openid`, `errcode` and `errCode`). Wrapper elements are optional, and a list of
//! one element may be sent as the element: both forms are read alike.

use std::str::FromStr;

use crate::callback::{Field, Fields};

/// The location of a field: its name, and the name of its wrapper element, if any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) block: Option<&'static str>,
}

/// An enumerated value.
pub(super) trait Choice<'a> {
    fn of(text: &'a str) -> Self;
}

/// A view of one element of a list.
pub(super) trait Part<'a> {
    fn of(field: Field<'a>) -> Self;
}

fn is(field: &Field<'_>, name: &str) -> bool {
    field.name().eq_ignore_ascii_case(name)
}

impl Place {
    /// Returns the matching fields. If the wrapper element is absent, as in JSON pushes, they are
    /// searched one level higher.
    pub(super) fn all<'a>(
        self,
        fields: Fields<'a>,
    ) -> impl Iterator<Item = Field<'a>> + Clone + use<'a> {
        let Self { name, block } = self;
        let is_block = move |field: &Field<'_>| block.is_some_and(|block| is(field, block));
        let is_inside = fields.clone().any(|field| is_block(&field));
        fields
            .filter(move |field| !is_inside || is_block(field))
            .flat_map(move |field| match is_inside {
                true => field.children(),
                false => field.alone(),
            })
            .filter(move |field| is(field, name))
    }

    /// Returns the text; empty if absent.
    pub(super) fn text<'a>(self, fields: Fields<'a>) -> &'a str {
        let field = self.all(fields).next();
        field.map_or("", |field| field.text())
    }

    /// Returns the text; `None` if absent or empty.
    pub(super) fn value<'a>(self, fields: Fields<'a>) -> Option<&'a str> {
        Some(self.text(fields)).filter(|text| !text.is_empty())
    }

    /// Returns the number; `None` if absent or invalid.
    pub(super) fn number<T: FromStr>(self, fields: Fields<'_>) -> Option<T> {
        self.text(fields).trim().parse().ok()
    }

    /// Returns the number; `None` if absent, invalid or not finite.
    pub(super) fn decimal(self, fields: Fields<'_>) -> Option<f64> {
        self.number(fields)
            .filter(|number: &f64| number.is_finite())
    }

    /// Returns the boolean; `None` if absent or invalid.
    pub(super) fn flag(self, fields: Fields<'_>) -> Option<bool> {
        match self.text(fields).trim() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        }
    }

    /// Returns the enumerated value; `None` if absent or empty.
    pub(super) fn choice<'a, T: Choice<'a>>(self, fields: Fields<'a>) -> Option<T> {
        let text = self.text(fields).trim();
        (!text.is_empty()).then(|| T::of(text))
    }

    /// Returns the numbers of a list. Invalid ones are skipped.
    pub(super) fn numbers<'a, T: FromStr>(
        self,
        fields: Fields<'a>,
    ) -> impl Iterator<Item = T> + use<'a, T> {
        self.all(fields)
            .filter_map(|field| field.text().trim().parse().ok())
    }

    /// Returns the elements of a list: the children called `item`, as in XML, or otherwise the
    /// elements with the list's name. Empty elements are skipped: they stand for an empty list.
    pub(super) fn list<'a, T: Part<'a>>(
        self,
        fields: Fields<'a>,
    ) -> impl Iterator<Item = T> + use<'a, T> {
        let elements = self.all(fields).flat_map(|list| {
            let has_items = list.children().any(|field| is(&field, "item"));
            let candidates = match has_items {
                true => list.children(),
                false => list.alone(),
            };
            candidates.filter(move |field| !has_items || is(field, "item"))
        });
        elements
            .filter(|element| element.children().next().is_some())
            .map(T::of)
    }
}
