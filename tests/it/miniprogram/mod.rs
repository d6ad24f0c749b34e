//! The server-side calls of a mini-program.

mod code;
mod link;
mod phone;
mod session;
mod user_data;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use tower_wechat::sandbox::Sandbox;
use tower_wechat::{App, Error, ErrorKind};

use crate::support::clock;

fn sandbox() -> (Sandbox, App) {
    let sandbox = Sandbox::with_clock(clock());
    let app = sandbox.wechat().app(Sandbox::APPID).unwrap();
    (sandbox, app)
}

pub fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// Returns the field and the text of an error found before the request was sent.
fn input(error: &Error) -> (&'static str, String) {
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    (error.field().unwrap(), error.to_string())
}

/// Returns the text that a scanner reads from an image.
pub fn scanned(file: &[u8]) -> String {
    let decoder = png::Decoder::new(std::io::Cursor::new(file));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let (width, height) = (info.width as usize, info.height as usize);
    let shade = |x: usize, y: usize| pixels[y * width + x];
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}
