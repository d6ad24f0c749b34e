//! The look of a code.

use serde::Serialize;

use crate::error::Error;

/// The size and the colors of a code.
///
/// ```
/// use tower_wechat::api::miniprogram::code::{LineColor, Style};
///
/// let style = Style::new().width(600).line_color(LineColor::new(0, 96, 64)).transparent();
/// ```
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Style {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_color: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_color: Option<LineColor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_hyaline: Option<bool>,
}

impl Style {
    /// Creates the default style: 430 pixels wide, black on white.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the width in pixels, 280 to 1280. Defaults to 430.
    #[must_use]
    pub fn width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    /// Lets the platform choose the line color.
    #[must_use]
    pub fn auto_color(mut self) -> Self {
        self.auto_color = Some(true);
        self
    }

    /// Sets the line color. It has no effect with [`auto_color`](Self::auto_color).
    #[must_use]
    pub fn line_color(mut self, color: LineColor) -> Self {
        self.line_color = Some(color);
        self
    }

    /// Makes the background transparent. The image is then a PNG.
    #[must_use]
    pub fn transparent(mut self) -> Self {
        self.is_hyaline = Some(true);
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        width(self.width)
    }
}

/// The line color of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[non_exhaustive]
pub struct LineColor {
    r: u8,
    g: u8,
    b: u8,
}

impl LineColor {
    /// Creates a color from its red, green and blue parts.
    pub fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }
}

/// Checks the width of a code.
pub(super) fn width(width: Option<u32>) -> Result<(), Error> {
    match width {
        Some(pixels) if !(280..=1280).contains(&pixels) => Err(Error::input(
            "width",
            format!("must be 280 to 1280 pixels (it is {pixels}): scale the image yourself"),
        )),
        _ => Ok(()),
    }
}
