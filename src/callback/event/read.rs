//! How a view finds its fields.
//!
//! The platform spells some names in several ways (`OpenID` and `openid`, `errcode` and `errCode`),
//! so that capitals do not count here. It leaves out some of the elements around others, and a list
//! of one may be its element: both are read alike.

use std::str::FromStr;

use crate::callback::{Field, Fields};

/// Where a field is: its name, and the name of the element around it, if there is one.
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
    /// The fields that are there. Without the element around them they are looked for one level
    /// higher, where a JSON push has them.
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

    /// The text; empty if it was not sent.
    pub(super) fn text<'a>(self, fields: Fields<'a>) -> &'a str {
        let field = self.all(fields).next();
        field.map_or("", |field| field.text())
    }

    /// The text, if it was sent and is not empty.
    pub(super) fn value<'a>(self, fields: Fields<'a>) -> Option<&'a str> {
        Some(self.text(fields)).filter(|text| !text.is_empty())
    }

    /// The number, if it was sent and is one.
    pub(super) fn number<T: FromStr>(self, fields: Fields<'_>) -> Option<T> {
        self.text(fields).trim().parse().ok()
    }

    /// The number, if it is finite.
    pub(super) fn decimal(self, fields: Fields<'_>) -> Option<f64> {
        self.number(fields)
            .filter(|number: &f64| number.is_finite())
    }

    /// Yes or no, if it is one of them.
    pub(super) fn flag(self, fields: Fields<'_>) -> Option<bool> {
        match self.text(fields).trim() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        }
    }

    /// The enumerated value, if it was sent and is not empty.
    pub(super) fn choice<'a, T: Choice<'a>>(self, fields: Fields<'a>) -> Option<T> {
        let text = self.text(fields).trim();
        (!text.is_empty()).then(|| T::of(text))
    }

    /// The numbers of a list; those that are none are left out.
    pub(super) fn numbers<'a, T: FromStr>(
        self,
        fields: Fields<'a>,
    ) -> impl Iterator<Item = T> + use<'a, T> {
        self.all(fields)
            .filter_map(|field| field.text().trim().parse().ok())
    }

    /// The elements of a list: those called `item` inside it, which XML has, or else the list's
    /// own. Empty ones are left out.
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
