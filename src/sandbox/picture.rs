//! QR codes as images.

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, QrCode};

/// The width of a module, in pixels.
const SCALE: usize = 8;
/// The white margin that readers need around a code, in modules.
const QUIET: usize = 4;

/// Encodes `text` as the PNG of a QR code. Returns `None` if the text is too long.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let (modules, colors) = (code.width(), code.to_colors());
    let blank = vec![0xff; (modules + 2 * QUIET) * SCALE];
    let quiet = vec![0xff; QUIET * SCALE];

    let mut pixels = blank.repeat(QUIET * SCALE);
    for row in colors.chunks(modules) {
        let mut line = quiet.clone();
        for color in row {
            let shade = if *color == Color::Dark { 0 } else { 0xff };
            line.extend([shade; SCALE]);
        }
        line.extend(&quiet);
        pixels.extend(line.repeat(SCALE));
    }
    pixels.extend(blank.repeat(QUIET * SCALE));

    let side = u32::try_from(blank.len()).ok()?;
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}
