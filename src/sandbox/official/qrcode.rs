//! Parametric QR codes: made, shown and scanned.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use http_body::Body as HttpBody;
use serde::Deserialize;
use serde_json::{Value, json};
use tower::Service;

use super::{Answer, Call};
use crate::app::AppId;
use crate::body::Body;
use crate::clock::Clock;
use crate::error::{BoxError, ErrCode};
use crate::sandbox::platform::Query;
use crate::sandbox::push::Push;
use crate::sandbox::refusal::{Refused, empty};
use crate::sandbox::state::State;
use crate::sandbox::{Delivery, Sandbox, User, picture, random};

/// The most permanent codes of an account, and the most temporary ones that are remembered.
const CODES_MAX: usize = 100_000;
const LIFE: u64 = 60;
const LIFE_MAX: u64 = 2_592_000;
const PERMANENT_ID_MAX: u64 = 100_000;

#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<String, Code>);

#[derive(Debug, Clone)]
struct Code {
    appid: AppId,
    scene: String,
    url: String,
    end: Option<SystemTime>,
}

impl Code {
    fn lives(&self, now: SystemTime) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}

impl Codes {
    fn live(&self, ticket: &str, now: SystemTime) -> Option<&Code> {
        self.0.get(ticket).filter(|code| code.lives(now))
    }
}

#[derive(Deserialize)]
struct Request {
    expire_seconds: Option<u64>,
    action_name: String,
    action_info: Info,
}

#[derive(Deserialize)]
struct Info {
    scene: Scene,
}

#[derive(Deserialize)]
struct Scene {
    scene_id: Option<Value>,
    scene_str: Option<String>,
}

impl Scene {
    /// The scene that the action asks for, by the platform's limits.
    fn of(&self, text: bool, permanent: bool) -> Option<String> {
        if text {
            let scene = self.scene_str.as_ref()?;
            return (1..=64)
                .contains(&scene.chars().count())
                .then(|| scene.clone());
        }
        let id = self.scene_id.as_ref()?.as_u64()?;
        let most = match permanent {
            true => PERMANENT_ID_MAX,
            false => u64::from(u32::MAX),
        };
        (1..=most).contains(&id).then(|| id.to_string())
    }
}

impl State {
    /// `POST /cgi-bin/qrcode/create`
    pub(super) fn create_code(&mut self, call: &Call<'_>) -> Answer {
        let body: Request = call.json()?;
        let (text, permanent) = match body.action_name.as_str() {
            "QR_SCENE" => (false, false),
            "QR_STR_SCENE" => (true, false),
            "QR_LIMIT_SCENE" => (false, true),
            "QR_LIMIT_STR_SCENE" => (true, true),
            _ => return Err(ErrCode::INVALID_ACTION_INFO.into()),
        };
        let scene = body.action_info.scene.of(text, permanent);
        let scene = scene.ok_or(ErrCode::INVALID_ACTION_INFO)?;
        let life = body.expire_seconds.unwrap_or(LIFE);
        if !permanent && !(1..=LIFE_MAX).contains(&life) {
            return Err(Refused::new(40097, "invalid args, expire_seconds"));
        }

        let codes = &mut self.official.codes.0;
        codes.retain(|_, code| code.lives(call.now));
        let of_app = |code: &&Code| code.appid == call.appid && code.end.is_none() == permanent;
        if permanent {
            // A second permanent code of a scene is the first one.
            let known = codes
                .iter()
                .find(|(_, code)| of_app(code) && code.scene == scene);
            if let Some((ticket, code)) = known {
                return Ok(json!({ "ticket": ticket, "url": code.url }));
            }
        }
        if codes.values().filter(of_app).count() >= CODES_MAX {
            return Err(ErrCode::CODES_USED_UP.into());
        }
        let (ticket, url) = (
            random::ticket(),
            format!("http://weixin.qq.com/q/02{}", random::text(22)),
        );
        let end = (!permanent).then(|| call.now + Duration::from_secs(life));
        let answer = match permanent {
            true => json!({ "ticket": ticket, "url": url }),
            false => json!({ "ticket": ticket, "expire_seconds": life, "url": url }),
        };
        let appid = call.appid.clone();
        let code = Code {
            appid,
            scene,
            url,
            end,
        };
        codes.insert(ticket, code);
        Ok(answer)
    }

    /// `GET /cgi-bin/showqrcode`: HTTP 404 for a ticket that is unknown, expired or was changed on
    /// its way.
    pub(super) fn show_code(&mut self, query: &Query, now: SystemTime) -> Response<Bytes> {
        let ticket = query.get("ticket").unwrap_or_default();
        let code = self.official.codes.live(ticket, now);
        let Some(file) = code.and_then(|code| picture::png(&code.url)) else {
            return empty(StatusCode::NOT_FOUND);
        };
        let mut response = Response::new(Bytes::from(file));
        // The platform says so of its JPEG; an image is told by its bytes.
        let image = HeaderValue::from_static("image/jpg");
        response.headers_mut().insert(CONTENT_TYPE, image);
        response
    }
}

impl Sandbox {
    /// Lets `user` scan the code of `ticket`, which `qrcode/create` returned, and pushes what comes
    /// of it into `target`: `SCAN` if the user follows the app; otherwise `subscribe` with
    /// `qrscene_`, and the user follows from then on. Both carry the ticket.
    ///
    /// A code that has expired, is unknown or is another app's than the one that `user` is
    /// [at](User::at) shows the user a page and pushes nothing: the delivery has no attempts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_wechat::Error> {
    /// use tower_wechat::api::qrcode;
    /// use tower_wechat::sandbox::Sandbox;
    /// use tower_wechat::{Event, Message, Reply, handler_fn};
    ///
    /// async fn on_message(message: Message) -> Reply {
    ///     match message.event() {
    ///         Event::Subscribe(new) => Reply::text(format!("welcome via {:?}", new.scene())),
    ///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
    ///         _ => Reply::none(),
    ///     }
    /// }
    ///
    /// let sandbox = Sandbox::new();
    /// let wechat = sandbox.wechat();
    /// let routes = wechat.routes().on_message(handler_fn(on_message)).prefix("/v1/service/wx");
    ///
    /// let app = wechat.app(sandbox.appid())?;
    /// let code = app.call(qrcode::CreateQrcode::temporary("order-42")).await?;
    /// let user = sandbox.user("Hui");
    /// let first = sandbox.scan(&user, &code.ticket, routes.clone()).await;
    /// assert_eq!(first.reply().and_then(|r| r.text()), Some("welcome via Some(\"order-42\")"));
    /// let second = sandbox.scan(&user, &code.ticket, routes).await;
    /// assert_eq!(second.reply().and_then(|r| r.text()), Some("scene order-42"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn scan<S, R>(&self, user: &User, ticket: &str, target: S) -> Delivery
    where
        S: Service<::http::Request<Body>, Response = Response<R>> + Clone,
        R: HttpBody,
        R::Error: Into<BoxError>,
    {
        match self.scanned(user, ticket) {
            Some(push) => self.push(push, target).await,
            None => Delivery {
                attempts: Vec::new(),
            },
        }
    }

    /// The push of a scan.
    pub(in crate::sandbox) fn scanned(&self, user: &User, ticket: &str) -> Option<Push> {
        let now = self.clock.now();
        let scene = {
            let state = self.state();
            let code = state.official.codes.live(ticket, now)?;
            (code.appid == *user.appid()).then(|| code.scene.clone())?
        };
        Some(Push::scan_of(user, &scene, ticket))
    }
}
