//! A response that is an image or a refusal.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Answer, json};
use crate::error::{Error, ErrorKind};

/// An image returned by the platform: a QR code of `qrcode/create`, or a code of a mini-program.
///
/// The first bytes distinguish it from a refusal. The platform's Content-Type does not: it sends
/// either with the other's type.
///
/// ```
/// use bytes::Bytes;
/// use tower_wechat::api::{Answer, Image, ImageFormat};
///
/// let image = Image::decode(&Bytes::from_static(b"\x89PNG\r\n\x1a\n.."))?;
/// assert_eq!(image.format(), ImageFormat::Png);
/// assert!(image.data_url().starts_with("data:image/png;base64,"));
/// assert!(Image::decode(&Bytes::from_static(br#"{"errcode":41030}"#)).is_err());
/// # Ok::<(), tower_wechat::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    format: ImageFormat,
    bytes: Bytes,
}

/// The format of an [`Image`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageFormat {
    /// JPEG.
    Jpeg,
    /// PNG. Codes with a transparent background have this format.
    Png,
}

impl ImageFormat {
    /// Returns the media type, for a Content-Type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            _ => None,
        }
    }
}

impl Image {
    /// Returns the format, detected from the first bytes.
    pub fn format(&self) -> ImageFormat {
        self.format
    }

    /// Returns the image file.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the image as a `data:` URL, for a page or a JSON document.
    pub fn data_url(&self) -> String {
        let mut url = format!("data:{};base64,", self.format.media_type());
        STANDARD.encode_string(&self.bytes, &mut url);
        url
    }
}

/// Prints the format and the size.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({:?}, {} bytes)", self.format, self.bytes.len())
    }
}

impl Answer for Image {
    fn decode(body: &Bytes) -> Result<Self, Error> {
        if let Some(format) = ImageFormat::of(body) {
            let bytes = body.clone();
            return Ok(Self { format, bytes });
        }
        match json::refusal(body) {
            Some(refusal) => Err(Error::platform(refusal)),
            None => Err(Error::new(
                ErrorKind::Answer,
                "the response is not a JPEG or PNG image, and not a refusal",
            )),
        }
    }
}
