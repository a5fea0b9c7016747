//! What is dropped leaves nothing behind.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use super::server::Server;
use super::{connect, taken, wait_for_count};

#[tokio::test]
async fn a_dropped_permit_is_released_in_the_background() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    drop(taken(&limiter).await);
    wait_for_count(&server, 0).await;
}

#[test]
fn a_permit_may_be_dropped_outside_of_the_runtime() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (limiter, permit) = runtime.block_on(async {
        let limiter = connect(&server, 1).await;
        let permit = taken(&limiter).await;
        (limiter, permit)
    });
    drop(permit);
    runtime.block_on(wait_for_count(&server, 0));
    drop(limiter);
}

#[tokio::test]
async fn an_acquire_dropped_between_send_and_reply_leaves_nothing_behind() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    server.freeze();
    {
        let mut acquire = Box::pin(limiter.acquire());
        poll_once(&mut acquire).await;
        // On this single-threaded runtime the connection's own task writes the command while this one yields.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    server.thaw();
    // Sent after the acquire on the same connection, so the acquire has been carried out when this is answered.
    limiter.release_token(&"none".into()).await.unwrap();
    wait_for_count(&server, 0).await;
    let stats: String = server.ask("INFO commandstats");
    assert!(stats.contains("cmdstat_evalsha:calls=1,"), "the server did run the dropped acquire: {stats}");
}

#[tokio::test]
async fn a_release_dropped_half_way_is_finished_in_the_background() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    let permit = taken(&limiter).await;
    // Dropped after its first poll, before the connection's task had a chance to write anything.
    poll_once(&mut Box::pin(permit.release())).await;
    wait_for_count(&server, 0).await;
}

/// Polls a future once, which must not be enough.
async fn poll_once(future: &mut (impl Future + Unpin)) {
    let pending = poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())).await;
    assert!(pending, "it was done at once");
}
