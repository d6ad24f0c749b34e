//! The two requests of a sign-in: the start, and the return from the platform.

use http::header::SET_COOKIE;
use http::{Request, Response};
use http_body::Body as HttpBody;
use tower::{Service, ServiceExt};

use super::SignedIn;
use super::rejection::Rejection;
use super::settings::{HOME, Settings};
use super::state::Attempt;
use crate::body::Body;
use crate::browser::{self, Cookie, Params};
use crate::error::{BoxError, chain};
use crate::panic::{self, Contained, Panicked};
use crate::secret::Secret;

/// The longest code, in bytes.
const CODE_MAX: usize = 512;

/// Sent by some clients instead of a code when the user refuses.
const DENIED: &str = "authdeny";

/// Redirects a browser to the authorization page.
pub(super) fn start(settings: &Settings, request: &Request<()>) -> Response<Body> {
    match depart(settings, request) {
        Ok(response) => response,
        Err(rejection) => settings.reject(&rejection, HOME),
    }
}

/// Handles a returning browser, and passes the user to the handler.
pub(super) async fn done<H, A>(
    settings: &Settings,
    handler: H,
    request: Request<()>,
) -> Response<Body>
where
    H: Service<Request<SignedIn>, Response = Response<A>>,
    H::Error: Into<BoxError>,
    A: HttpBody,
    A::Error: Into<BoxError>,
{
    let mut restart_to = HOME.to_owned();
    let signed_in = arrive(settings, &request, &mut restart_to).await;
    let answer = match signed_in {
        Ok(signed_in) => greet(handler, request.map(|()| signed_in)).await,
        Err(rejection) => Err(rejection),
    };
    let mut response = answer.unwrap_or_else(|rejection| settings.reject(&rejection, &restart_to));
    browser::seal(&mut response);
    response
}

async fn greet<H, A>(handler: H, signed_in: Request<SignedIn>) -> Result<Response<Body>, Rejection>
where
    H: Service<Request<SignedIn>, Response = Response<A>>,
    H::Error: Into<BoxError>,
    A: HttpBody,
    A::Error: Into<BoxError>,
{
    let answer = Contained::new(async move {
        let answer = handler.oneshot(signed_in).await.map_err(|error| {
            tracing::error!(error = chain(&*error.into()), "the sign-in handler failed");
        })?;
        browser::whole(answer).await.map_err(drop)
    });
    answer
        .await
        .unwrap_or_else(|Panicked| {
            tracing::error!("the sign-in handler panicked");
            Err(())
        })
        .map_err(|()| Rejection::Handler)
}

fn depart(settings: &Settings, request: &Request<()>) -> Result<Response<Body>, Rejection> {
    let params = Params::of(request);
    let return_to = params.once("return_to").map_err(|_| Rejection::Request)?;
    let return_to = settings.return_to(return_to).ok_or(Rejection::ReturnTo)?;
    let return_to = &*return_to;
    // One value for all attempts of a browser, so that several tabs can sign in at the same time.
    let value = settings.cookie.read(request).unwrap_or_else(Cookie::value);
    let end = settings
        .unix()
        .saturating_add(settings.state_life.as_secs());
    let state = settings
        .key
        .issue(&settings.attempt(&value, return_to), end);
    let url = settings.app.authorize_url(settings.come_back_to(return_to));
    let url = url.scope(settings.wanted.scope).state(state).build()?;

    let mut response = browser::redirect(&url);
    // As long as a result can be kept, so that a reload still finds it.
    let life = settings.state_life.saturating_add(settings.result_life);
    if let Some(cookie) = settings.cookie.set(&value, life) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn arrive(
    settings: &Settings,
    request: &Request<()>,
    restart_to: &mut String,
) -> Result<SignedIn, Rejection> {
    let params = Params::of(request);
    let once = |name| params.once(name).map_err(|_| Rejection::Request);
    let (code, state, return_to) = (once("code")?, once("state")?, once("return_to")?);
    let return_to = settings.return_to(return_to).ok_or(Rejection::ReturnTo)?;
    let return_to = &*return_to;
    // From here on a rejection page offers to restart with the same destination.
    *restart_to = return_to.to_owned();

    let code = code.filter(|code| !code.is_empty() && *code != DENIED);
    let code = code.ok_or(Rejection::Refused)?;
    if code.len() > CODE_MAX || !code.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Rejection::Request);
    }
    let state = state.ok_or(Rejection::Request)?;
    let browser = settings.cookie.read(request).ok_or(Rejection::Cookie)?;
    let attempt = settings.attempt(&browser, return_to);
    let end = settings
        .key
        .verify(&attempt, state)
        .ok_or(Rejection::State)?;

    // A known result is served even after the state has ended: the user may reload.
    let user = match settings.codes.known(state).await {
        Some(user) => user,
        None if settings.unix() >= end => return Err(Rejection::Expired),
        None => {
            let code = Secret::new(code);
            settings.codes.user(state, code).await?
        }
    };
    Ok(SignedIn::new(user, return_to.to_owned()))
}

impl Settings {
    fn attempt<'a>(&'a self, browser: &'a Secret, return_to: &'a str) -> Attempt<'a> {
        Attempt {
            appid: self.app.appid().as_str(),
            callback: &self.base,
            browser,
            return_to,
        }
    }

    /// Returns the address that the platform redirects the browser to.
    fn come_back_to(&self, return_to: &str) -> String {
        let mut done = format!("{}/done", self.base);
        if return_to != HOME {
            done = with_param(&done, "return_to", return_to);
        }
        match &self.relay {
            Some(relay) => with_param(relay, "target", &done),
            None => done,
        }
    }

    fn reject(&self, rejection: &Rejection, restart_to: &str) -> Response<Body> {
        match rejection {
            Rejection::Platform(error) if error.is_transient() => {
                tracing::warn!(error = error.to_string(), "a user could not sign in");
            }
            _ => tracing::info!(rejection = rejection.to_string(), "a user did not sign in"),
        }
        let mut restart = format!("{}/start", self.base);
        if restart_to != HOME {
            restart = with_param(&restart, "return_to", restart_to);
        }
        let Some(page) = &self.page else {
            return rejection.page(&restart);
        };
        panic::contain(|| page(rejection, &restart)).unwrap_or_else(|Panicked| {
            tracing::error!("the rejection_page function panicked");
            Rejection::Handler.page(&restart)
        })
    }

    /// The answer to a panic outside of the handler and the rejection page.
    pub(super) fn panicked(&self) -> Response<Body> {
        tracing::error!("a sign-in panicked");
        Rejection::Handler.page(&format!("{}/start", self.base))
    }

    fn unix(&self) -> u64 {
        self.app.wechat().clock().unix()
    }
}

fn with_param(address: &str, name: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    format!("{address}?{}", query.finish())
}
