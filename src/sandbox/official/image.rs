//! The image of a QR code.

use ::qrcode::{Color, QrCode};

/// The white around a code, in modules: what readers need.
const QUIET: usize = 4;

/// The sides of the image, in pixels: those of the platform's.
const SIDE: usize = 430;

/// A code as a PNG file.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let scale = (SIDE / (width + 2 * QUIET)).max(1);
    let margin = SIDE.saturating_sub(width * scale) / 2;
    let side = width * scale + 2 * margin;
    let dark = |x: usize, y: usize| {
        let module = |at: usize| at.checked_sub(margin).map(|at| at / scale);
        let (x, y) = (module(x)?, module(y)?);
        (x < width)
            .then(|| colors.get(y * width + x))
            .flatten()
            .map(|color| *color == Color::Dark)
    };
    let pixels: Vec<u8> = (0..side * side)
        .map(|at| match dark(at % side, at / side) {
            Some(true) => 0,
            _ => 255,
        })
        .collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}
