//! Sends pushes as the platform does, through a load balancer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tower::{ServiceExt, service_fn};
use tower_wechat::client::ReqwestTransport;
use tower_wechat::sandbox::{Attempt, Delivery, Push, Sandbox, User};
use tower_wechat::{Body, BoxError, ErrorKind};

use super::SEED;
use super::fleet::{Fleet, INSTANCES};

/// The probability that a push is sent again, whether it was answered or not.
const AGAIN: f64 = 0.1;

/// The latest start of the second delivery after the first, in milliseconds.
const LATER: u64 = 1500;

/// How many pushes may be in their first try, so that a slow machine sends fewer a second.
const FIRST_TRIES: usize = 32;

/// The deliveries of one push.
pub struct Sent {
    pub push: usize,
    /// One delivery, or two.
    pub deliveries: Vec<Tries>,
}

/// The result of a delivery.
pub struct Tries {
    /// The tries without an answer, such as `Broken` or `Status(503)`.
    pub failed: Vec<String>,
    pub end: End,
}

pub enum End {
    /// The number of the run whose reply it is.
    Reply(usize),
    Success,
    /// No try was answered.
    GaveUp,
}

impl Tries {
    fn of(delivery: &Delivery) -> Self {
        let end = match delivery.attempts.last() {
            Some(Attempt::Reply(reply)) => End::Reply(reply.text().unwrap().parse().unwrap()),
            Some(Attempt::Success) => End::Success,
            _ => End::GaveUp,
        };
        let is_answer =
            |attempt: &&Attempt| matches!(attempt, Attempt::Reply(_) | Attempt::Success);
        let failed = delivery
            .attempts
            .iter()
            .filter(|attempt| !is_answer(attempt));
        let failed = failed.map(|attempt| format!("{attempt:?}")).collect();
        Self { failed, end }
    }
}

/// Sends this many pushes, at most at this rate a second. Some are sent again at random, at the same time or
/// later.
pub async fn send(sandbox: &Sandbox, fleet: &Arc<Fleet>, count: usize, rate: usize) -> Vec<Sent> {
    let transport = ReqwestTransport::new().unwrap();
    let user = sandbox.user("Hui");
    let first_tries = Arc::new(Semaphore::new(FIRST_TRIES));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let after = Duration::from_secs(number as u64) / u32::try_from(rate).unwrap();
        sleep_until(began + after).await;
        let permit = Arc::clone(&first_tries).acquire_owned().await.unwrap();
        let mut random = StdRng::seed_from_u64(SEED + number as u64);
        let again = random.random_bool(AGAIN);
        let later = Duration::from_millis(random.random_range(0..=LATER));
        let balancer = Balancer {
            fleet: Arc::clone(fleet),
            transport: transport.clone(),
            state: Arc::new(Mutex::new((random, Some(permit)))),
        };
        let target = service_fn(move |request| balancer.clone().pass_on(request));
        let (sandbox, push) = (sandbox.clone(), push(&user, number));
        tasks.spawn(async move {
            let second = async {
                sleep(later).await;
                sandbox.push(push.clone(), target.clone()).await
            };
            let first = sandbox.push(push.clone(), target.clone());
            let deliveries = match again {
                true => <[_; 2]>::from(tokio::join!(first, second)).to_vec(),
                false => vec![first.await],
            };
            let deliveries = deliveries.iter().map(Tries::of).collect();
            let push = number;
            Sent { push, deliveries }
        });
    }
    tasks.join_all().await
}

/// A text message whose id is the number.
fn push(user: &User, number: usize) -> Push {
    let id = number.to_string();
    let fields = [("MsgType", "text"), ("Content", "hello"), ("MsgId", &id)];
    Push::new(user, fields)
}

/// Passes the tries of one push on.
#[derive(Clone)]
struct Balancer {
    fleet: Arc<Fleet>,
    transport: ReqwestTransport,
    /// With the permit of the first try.
    state: Arc<Mutex<(StdRng, Option<OwnedSemaphorePermit>)>>,
}

impl Balancer {
    /// Passes a request to an instance at random, and to another one if that does not listen.
    async fn pass_on(self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let path = request.uri().path_and_query().unwrap().clone();
        let body = request.into_body().into_bytes();
        let _permit = self.state.lock().unwrap().1.take();
        loop {
            let number = self.state.lock().unwrap().0.random_range(0..INSTANCES);
            let uri = format!("{}{path}", self.fleet.address(number));
            let request = Request::post(uri).body(body.clone())?;
            match self.transport.clone().oneshot(request).await {
                Err(error) if error.kind() == ErrorKind::Connect => {}
                answer => return Ok(answer?.map(Body::from)),
            }
        }
    }
}
