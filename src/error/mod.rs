//! One opaque error for everything that can go wrong between the caller and the platform.

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

/// Any error as a box, as tower's middleware passes it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong, and what to do about it.
///
/// It is cheap to clone, so that callers who waited for the same token share it, and it holds no
/// URL, no secret and no body. It prints as one line: what came from outside is escaped.
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

/// Where an [`Error`] arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host's configuration is wrong.
    Config,
    /// No app of this id is configured.
    UnknownApp,
    /// An argument breaks a limit of the platform; nothing was sent.
    Input,
    /// The platform could not be reached; nothing was sent.
    Connect,
    /// The certificate of what answered in the platform's name was not accepted; nothing was sent.
    Certificate,
    /// No answer came in time; the platform may have acted.
    Timeout,
    /// The connection broke midway; the platform may have acted.
    Transport,
    /// A gateway answered in the platform's place, with this HTTP status.
    Status(u16),
    /// The answer could not be understood, or was larger than the cap.
    Answer,
    /// The platform refused, with an [`ErrCode`].
    Platform,
    /// Data of a mini-program's user does not fit the session key: the user must sign in again.
    Session,
    /// The task that worked on the call was stopped, as on shutdown.
    Interrupted,
    /// As many callers wait for the same as may; nothing was sent.
    Busy,
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

    /// An argument that breaks a limit: `message` says which, and what to do.
    pub fn input(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Input, message).with(|inner| inner.field = Some(field))
    }

    pub(crate) fn unknown_app(appid: &str) -> Self {
        // An id comes from outside and may be of any length.
        let shown: String = appid.chars().take(crate::AppId::MAX_LEN).collect();
        Self::new(
            ErrorKind::UnknownApp,
            format!("app {shown:?} is not configured: add it, with its secret, or correct the id"),
        )
    }

    pub(crate) fn platform(refusal: Refusal) -> Self {
        Self::new(ErrorKind::Platform, "").with(|inner| inner.refusal = Some(refusal))
    }

    /// User data that a session key does not open or sign.
    pub(crate) fn session(what: &'static str) -> Self {
        let advice = "the key is not the current one, or the data was changed on its way: let the \
                      client call wx.login, then read the data anew";
        Self::new(ErrorKind::Session, format!("{what}: {advice}"))
    }

    /// An error of a transport, of a kind that says whether the platform may have acted
    /// ([`ErrorKind::Connect`], [`ErrorKind::Timeout`] or [`ErrorKind::Transport`]). Its message
    /// has the texts of the source and of what caused that. The source must not hold a URL: the
    /// access token is part of it. A connection that failed for a certificate is of the kind
    /// [`ErrorKind::Certificate`].
    pub fn transport(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        let source = source.into();
        let causes = chain::causes(&*source);
        let kind = match kind {
            ErrorKind::Connect if causes.contains("certificate") => ErrorKind::Certificate,
            kind => kind,
        };
        let message = match kind {
            ErrorKind::Connect | ErrorKind::Certificate => "the platform could not be reached",
            ErrorKind::Timeout => "no answer in time",
            _ => "the connection broke",
        };
        let message = format!("{message}: {causes}");
        Self::new(kind, message).with(|inner| inner.source = Some(source))
    }

    /// Names the call that failed.
    pub(crate) fn at(self, endpoint: &'static str) -> Self {
        if self.0.endpoint.is_some() {
            return self;
        }
        self.with(|inner| inner.endpoint = Some(endpoint))
    }

    /// Changes an error that was just made, or one that is shared by leaving the shared one as is.
    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
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

    /// Where it arose.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The path of the platform call that failed, such as `/sns/userinfo`.
    pub fn endpoint(&self) -> Option<&'static str> {
        self.0.endpoint
    }

    /// The argument that is wrong, for [`ErrorKind::Input`].
    pub fn field(&self) -> Option<&'static str> {
        self.0.field
    }

    /// What was found wrong on our side of the wire; empty for a refusal of the platform.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The platform's number for its refusal.
    pub fn errcode(&self) -> Option<ErrCode> {
        self.0.refusal.as_ref().map(|refusal| refusal.errcode)
    }

    /// The platform's text for its refusal, without the `rid`, up to 512 characters. It is not
    /// stable: decide by [`errcode`](Self::errcode).
    ///
    /// It is the text as it came, and may hold control characters and quotes: escape it before it
    /// goes into a text log. The error's own `Display` does.
    pub fn errmsg(&self) -> Option<&str> {
        self.0.refusal.as_ref().map(|refusal| &*refusal.errmsg)
    }

    /// The platform's id of the refused request, to quote to its support. It can be looked up for
    /// seven days. At most 64 characters: hexadecimal digits and dashes; in the platform's older
    /// form also letters and `_!.`.
    pub fn rid(&self) -> Option<&str> {
        self.0.refusal.as_ref()?.rid.as_deref()
    }

    /// The address of this machine as the platform saw it, when it is not on the app's IP
    /// whitelist (40164).
    pub fn egress_ip(&self) -> Option<IpAddr> {
        let refusal = self.0.refusal.as_ref()?;
        refusal
            .egress_ip()
            .filter(|_| refusal.errcode == ErrCode::IP_NOT_WHITELISTED)
    }

    /// What kind of remedy helps.
    pub fn class(&self) -> ErrorClass {
        match self.kind() {
            ErrorKind::Config | ErrorKind::UnknownApp | ErrorKind::Certificate => {
                ErrorClass::Config
            }
            ErrorKind::Input => ErrorClass::Input,
            ErrorKind::Session => ErrorClass::User,
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Transport
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

    /// What to do, in plain words, for the refusals that have a usual cause.
    pub fn hint(&self) -> Option<&'static str> {
        let endpoint = self.endpoint().unwrap_or_default();
        match self.errcode() {
            Some(code) => code.hint_at(endpoint),
            None if self.kind() == ErrorKind::Status(404) && self.is_of_ticket() => {
                Some("the ticket is not one that qrcode/create returned, or was changed")
            }
            None if self.kind() == ErrorKind::Certificate => Some(
                "install CA certificates (a bare container has none: the package \
                 ca-certificates), set the clock of this machine, or find the proxy that answers \
                 in the platform's place",
            ),
            None => miniprogram::hint_without_answer(self.kind(), endpoint),
        }
    }

    /// The HTTP status with which a server answers its own caller when a call failed so: 400 for a
    /// wrong argument, 404 for an unknown app, 422 for what the user or the caller must mend, 429
    /// for a used-up quota, 503 and 504 for what may pass, 502 for the rest.
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

    /// The image of a QR code is the one call that is refused by HTTP status.
    fn is_of_ticket(&self) -> bool {
        self.endpoint() == Some("/cgi-bin/showqrcode")
    }

    /// Whether the same call may succeed later without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        self.class() == ErrorClass::Retry
    }

    /// Whether the platform surely did not act on the call, so that repeating it is safe for any
    /// call.
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
            // A message may name what the caller gave.
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
