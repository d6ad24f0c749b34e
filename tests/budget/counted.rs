//! Counts what one request allocates, and compares it with a budget.

use std::convert::Infallible;
use std::future::poll_fn;

use allocation_counter::{AllocationInfo, measure};
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::Service;
use tower_wechat::Body;

/// On the thread of the test, so that it is the one that is counted.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// What `future` allocates, and what comes of it.
pub(crate) fn count<F: Future>(runtime: &Runtime, future: F) -> (AllocationInfo, F::Output) {
    let mut output = None;
    let counted = measure(|| output = Some(runtime.block_on(future)));
    (counted, output.unwrap())
}

/// What `service` allocates for `request`, and its response.
pub(crate) fn respond<S, B>(
    runtime: &Runtime,
    service: &mut S,
    request: Request<B>,
) -> (AllocationInfo, Response<Body>)
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
{
    let (counted, response) = count(runtime, async {
        poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(request).await
    });
    (counted, response.unwrap())
}

/// Compares with the line `path` of a table.
pub(crate) fn holds(budgets: &[(&str, u64)], path: &str, taken: u64) {
    let (_, budget) = budgets.iter().find(|(name, _)| *name == path).unwrap();
    println!("{path}: {taken} of {budget}");
    assert!(
        taken <= *budget,
        "{path}: {taken}, and the budget is {budget}"
    );
}
