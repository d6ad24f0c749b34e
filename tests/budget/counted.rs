//! Counts the allocations of one request and compares them with a budget.

use std::convert::Infallible;
use std::future::poll_fn;

use allocation_counter::{AllocationInfo, measure};
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::Service;
use tower_wechat::Body;

/// A current-thread runtime, since allocations are counted on the test's thread.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Returns the allocations of `future` and its output.
pub(crate) fn count<F: Future>(runtime: &Runtime, future: F) -> (AllocationInfo, F::Output) {
    let mut output = None;
    let counted = measure(|| output = Some(runtime.block_on(future)));
    (counted, output.unwrap())
}

/// Returns the allocations of `service` for `request`, and the response.
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

/// Compares with the entry for `path` in a table.
pub(crate) fn holds(budgets: &[(&str, u64)], path: &str, taken: u64) {
    let (_, budget) = budgets.iter().find(|(name, _)| *name == path).unwrap();
    println!("{path}: {taken} of {budget}");
    assert!(
        taken <= *budget,
        "{path}: {taken}, and the budget is {budget}"
    );
}
