//! The crate's error type, its kinds and its remedies.

mod chain;
mod class;
mod code;
mod hint;
mod miniprogram;
mod printed;
mod refusal;

pub(crate) use self::chain::chain;
pub use self::class::ErrorClass;
pub use self::code::ErrCode;
pub(crate) use self::refusal::Refusal;

use self::printed::Printed;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::StatusCode;

/// A boxed error, as tower's middleware passes it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The error of a call to the platform: what went wrong and what to do about it.
///
/// It is cheap to clone, so callers that waited for the same token share it. It holds no URL, no
/// secret and no body. It prints as one line: text from outside is escaped.
///
/// ```
/// use tower_wechat::{AppId, ErrorClass, ErrorKind};
///
/// let error = AppId::new("").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Input);
/// assert_eq!(error.class(), ErrorClass::Input);
/// assert_eq!(error.field(), Some("appid"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    endpoint: Option<&'static str>,
    field: Option<&'static str>,
    message: Cow<'static, str>,
    refusal: Option<Refusal>,
    source: Option<BoxError>,
}

/// The kind of failure of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong.
    Config,
    /// No app with this id is configured.
    UnknownApp,
    /// An argument breaks a limit of the platform. Nothing was sent.
    Input,
    /// The platform could not be reached. Nothing was sent.
    Connect,
    /// The peer's certificate was not accepted. Nothing was sent.
    Certificate,
    /// No response came in time. The platform may have acted.
    Timeout,
    /// The connection broke midway. The platform may have acted.
    Transport,
    /// A gateway responded instead of the platform, with this HTTP status.
    Status(u16),
    /// The response could not be parsed, or was larger than the size limit.
    Answer,
    /// The platform refused the call with an [`ErrCode`].
    Platform,
    /// A mini-program user's data does not match the session key. The user must sign in again.
    Session,
    /// The task that worked on the call was stopped, for example on shutdown.
    Interrupted,
    /// Too many callers already wait for the same result. Nothing was sent.
    Busy,
    /// The platform's budget of this call is spent, by our own count. Nothing was sent.
    Budget,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            endpoint: None,
            field: None,
            message: message.into(),
            refusal: None,
            source: None,
        }))
    }

    pub(crate) fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Creates an error for an argument that breaks a limit. `message` names the limit and what to
    /// do.
    pub fn input(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Input, message).with(|inner| inner.field = Some(field))
    }

    pub(crate) fn unknown_app(appid: &str) -> Self {
        // The id comes from outside and can have any length.
        let shown: String = appid.chars().take(crate::AppId::MAX_LEN).collect();
        Self::new(
            ErrorKind::UnknownApp,
            format!("app {shown:?} is not configured: add it, with its secret, or correct the id"),
        )
    }

    pub(crate) fn platform(refusal: Refusal) -> Self {
        Self::new(ErrorKind::Platform, "").with(|inner| inner.refusal = Some(refusal))
    }

    /// Creates an error for user data that a session key does not decrypt or sign.
    pub(crate) fn session(what: &'static str) -> Self {
        let advice = "the key is not the current one, or the data was changed in transit: let the \
                      client call wx.login, then read the data again";
        Self::new(ErrorKind::Session, format!("{what}: {advice}"))
    }

    /// Creates a transport error.
    ///
    /// `kind` says whether the platform may have acted: [`ErrorKind::Connect`],
    /// [`ErrorKind::Timeout`] or [`ErrorKind::Transport`]. A [`ErrorKind::Connect`] whose cause is
    /// a certificate becomes [`ErrorKind::Certificate`].
    ///
    /// The message contains the texts of the source and its causes. The source must not hold a URL,
    /// because the access token is part of it.
    pub fn transport(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        let source = source.into();
        let causes = chain::causes(&*source);
        // The error type of TLS differs from transport to transport, so the text decides.
        let kind = match kind {
            ErrorKind::Connect if causes.contains("certificate") => ErrorKind::Certificate,
            kind => kind,
        };
        let message = match kind {
            ErrorKind::Connect | ErrorKind::Certificate => "the platform could not be reached",
            ErrorKind::Timeout => "no response in time",
            _ => "the connection broke",
        };
        let message = format!("{message}: {causes}");
        Self::new(kind, message).with(|inner| inner.source = Some(source))
    }

    /// Unboxes the error of a transport. An [`Error`] already has the right kind; any other error
    /// is a broken connection.
    pub(crate) fn from_transport(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => Self::transport(ErrorKind::Transport, other),
        }
    }

    /// Sets the endpoint that failed, unless one is set.
    pub(crate) fn at(self, endpoint: &'static str) -> Self {
        // The innermost call is kept: a call also fails if its token could not be fetched.
        if self.0.endpoint.is_some() {
            return self;
        }
        self.with(|inner| inner.endpoint = Some(endpoint))
    }

    /// Changes the error. A shared error is left as it is and becomes the source of the changed
    /// copy.
    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        // Other callers may hold the same error, so a shared one must not change.
        let mut inner = Arc::try_unwrap(self.0).unwrap_or_else(|shared| Inner {
            kind: shared.kind,
            endpoint: shared.endpoint,
            field: shared.field,
            message: shared.message.clone(),
            refusal: shared.refusal.clone(),
            source: Some(Box::new(Error(shared))),
        });
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the path of the platform call that failed, such as `/sns/userinfo`.
    pub fn endpoint(&self) -> Option<&'static str> {
        self.0.endpoint
    }

    /// Returns the name of the wrong argument, for [`ErrorKind::Input`].
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// Returns what failed on this side of the connection. It is empty for a refusal of the
    /// platform.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the platform's error code, if the platform refused the call.
    pub fn errcode(&self) -> Option<ErrCode> {
        self.0.refusal.as_ref().map(|refusal| refusal.errcode)
    }

    /// Returns the platform's error text without the `rid`, up to 512 characters. The text is not
    /// stable: decide by [`errcode`](Self::errcode).
    ///
    /// The text is not escaped and can hold control characters and quotes. Escape it before writing
    /// it to a text log. The error's `Display` does so.
    pub fn errmsg(&self) -> Option<&str> {
        self.0.refusal.as_ref().map(|refusal| &*refusal.errmsg)
    }

    /// Returns the platform's id of the refused request, to quote to its support.
    ///
    /// It can be looked up for seven days. It has at most 64 characters: hexadecimal digits and
    /// dashes, and in the platform's older form also letters and `_!.`.
    pub fn rid(&self) -> Option<&str> {
        self.0.refusal.as_ref()?.rid.as_deref()
    }

    /// Returns this machine's address as the platform saw it, if it is not on the app's IP
    /// whitelist (40164).
    pub fn egress_ip(&self) -> Option<IpAddr> {
        let refusal = self.0.refusal.as_ref()?;
        refusal
            .egress_ip()
            .filter(|_| refusal.errcode == ErrCode::IP_NOT_WHITELISTED)
    }

    /// Returns the kind of remedy that helps.
    pub fn class(&self) -> ErrorClass {
        match self.kind() {
            ErrorKind::Config | ErrorKind::UnknownApp | ErrorKind::Certificate => {
                ErrorClass::Config
            }
            ErrorKind::Input => ErrorClass::Input,
            ErrorKind::Session => ErrorClass::User,
            ErrorKind::Budget => ErrorClass::Quota,
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Transport
            // 200 is an empty or HTML body: the platform itself answers with JSON or an image.
            | ErrorKind::Status(200 | 408 | 429 | 500..)
            | ErrorKind::Interrupted
            | ErrorKind::Busy => ErrorClass::Retry,
            ErrorKind::Status(404) if self.is_of_ticket() => ErrorClass::Input,
            ErrorKind::Status(_) | ErrorKind::Answer => ErrorClass::Unknown,
            ErrorKind::Platform => self.errcode().map_or(ErrorClass::Unknown, |code| {
                code.class_at(self.endpoint().unwrap_or_default())
            }),
        }
    }

    /// Returns advice in plain words, for failures that have a usual cause.
    pub fn hint(&self) -> Option<&'static str> {
        let endpoint = self.endpoint().unwrap_or_default();
        match self.errcode() {
            Some(code) => code.hint_at(endpoint),
            None if self.kind() == ErrorKind::Status(404) && self.is_of_ticket() => {
                Some("the ticket was not returned by qrcode/create, or was changed")
            }
            None if self.kind() == ErrorKind::Certificate => Some(
                "install CA certificates (a bare container has none: the package \
                 ca-certificates), set the clock of this machine, or find the proxy that answers \
                 instead of the platform",
            ),
            None => miniprogram::hint_without_answer(self.kind(), endpoint),
        }
    }

    /// Returns the HTTP status for a server to send to its own client when a call failed.
    ///
    /// It is 400 for a wrong argument, 404 for an unknown app, 422 for what the user or the caller
    /// must correct, and 429 for a used-up quota. It is 503 if the platform or this process is busy
    /// or a task was stopped, 504 for a timeout, and 502 for the rest.
    pub fn status(&self) -> StatusCode {
        match (self.kind(), self.class()) {
            (ErrorKind::Input, _) => StatusCode::BAD_REQUEST,
            (ErrorKind::UnknownApp, _) => StatusCode::NOT_FOUND,
            (ErrorKind::Timeout, _) => StatusCode::GATEWAY_TIMEOUT,
            (ErrorKind::Platform, ErrorClass::Retry)
            | (ErrorKind::Interrupted | ErrorKind::Busy, _) => StatusCode::SERVICE_UNAVAILABLE,
            (_, ErrorClass::Quota) => StatusCode::TOO_MANY_REQUESTS,
            (_, ErrorClass::User | ErrorClass::Input) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::BAD_GATEWAY,
        }
    }

    /// Returns whether the failed call fetched a QR code image. It is the only call that is refused
    /// by HTTP status.
    fn is_of_ticket(&self) -> bool {
        self.endpoint() == Some("/cgi-bin/showqrcode")
    }

    /// Returns whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        self.class() == ErrorClass::Retry
    }

    /// Returns whether the platform cannot have acted, so that any call is safe to repeat.
    pub(crate) fn was_not_sent(&self) -> bool {
        matches!(self.kind(), ErrorKind::Connect | ErrorKind::Certificate)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(endpoint) = self.endpoint() {
            write!(f, "{endpoint}: ")?;
        }
        if let Some(field) = self.field() {
            write!(f, "{field} ")?;
        }
        match &self.0.refusal {
            Some(refusal) => write!(f, "{refusal}")?,
            // A message can quote what the caller passed.
            None => write!(f, "{}", Printed(self.message()))?,
        }
        if let ErrorKind::Status(status) = self.kind() {
            write!(f, " (HTTP {status})")?;
        }
        if let Some(hint) = self.hint() {
            write!(f, ": {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("class", &self.class())
            .field("text", &format_args!("{self}"))
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
