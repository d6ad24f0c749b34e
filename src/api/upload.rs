//! A file that is uploaded with a call.

use std::fmt;

use bytes::Bytes;

use crate::hex;

/// A file that a call sends as `multipart/form-data`. See
/// [`Endpoint::upload`](super::Endpoint::upload).
///
/// ```
/// use tower_wechat::api::Upload;
///
/// let photo = Upload::new("photo.jpg", "image/jpeg", vec![0xff, 0xd8]);
/// let video = Upload::new("walk.mp4", "video/mp4", vec![0])
///     .field("description", r#"{"title":"A walk","introduction":"by the sea"}"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    name: String,
    file_name: String,
    content_type: String,
    content: Bytes,
    fields: Vec<(String, String)>,
}

impl Upload {
    /// Creates an upload in the field `media`.
    ///
    /// `content_type` is the media type. The platform detects the kind of file from the extension
    /// of `file_name`.
    pub fn new(
        file_name: impl Into<String>,
        content_type: impl Into<String>,
        content: impl Into<Bytes>,
    ) -> Self {
        Self {
            name: "media".to_owned(),
            file_name: file_name.into(),
            content_type: content_type.into(),
            content: content.into(),
            fields: Vec::new(),
        }
    }

    /// Sets the name of the file's field. Defaults to `media`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds a text field before the file.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Returns the `Content-Type` and the body of the form.
    pub(super) fn encode(&self) -> (String, Bytes) {
        // 128 random bits: the file can't contain the boundary.
        let boundary = hex::lower(&rand::random::<[u8; 16]>());
        let mut body = Vec::with_capacity(self.content.len() + 512);
        for (name, value) in &self.fields {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
                quoted(name)
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(value.as_bytes());
            body.extend_from_slice(b"\r\n");
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            quoted(&self.name),
            quoted(&self.file_name),
            self.content_type.replace(['\r', '\n'], "")
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={boundary}");
        (content_type, body.into())
    }
}

/// Escapes a name inside quotes, as browsers do.
fn quoted(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}

/// Omits the file's content and the text fields.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("file_name", &self.file_name)
            .field("content_type", &self.content_type)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
