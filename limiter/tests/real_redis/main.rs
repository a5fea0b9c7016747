//! The limiter against a real server.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cancellation;
mod failures;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use gatecrash_limiter::{Limiter, Naive, Permit, Released};
use server::Server;
use tokio::task::JoinSet;

async fn connect(server: &Server, limit: u64) -> Limiter {
    Limiter::builder("slots", limit).connect(&server.url()).await.unwrap()
}

async fn taken(limiter: &Limiter) -> Permit {
    limiter.acquire().await.unwrap().expect("a permit is free")
}

fn count(server: &Server) -> u64 {
    server.ask("ZCARD slots")
}

/// Waits for a background release: for an event, that is, with a deadline only for when it never comes.
async fn wait_for_count(server: &Server, expected: u64) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while count(server) != expected {
        assert!(Instant::now() < give_up, "ZCARD never became {expected}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_never_hold_more_than_the_limit_and_all_permits_come_back() {
    const LIMIT: usize = 3;
    let server = Server::start();
    let limiter = connect(&server, LIMIT as u64).await;
    let holders = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..24 {
        let (limiter, holders) = (limiter.clone(), Arc::clone(&holders));
        tasks.spawn(async move {
            let mut rounds = 0;
            while rounds < 20 {
                let Some(permit) = limiter.acquire().await.unwrap() else {
                    tokio::task::yield_now().await;
                    continue;
                };
                assert!(holders.fetch_add(1, Ordering::SeqCst) < LIMIT, "over-admission");
                tokio::task::yield_now().await;
                holders.fetch_sub(1, Ordering::SeqCst);
                permit.release().await.unwrap();
                rounds += 1;
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(count(&server), 0);
}

#[tokio::test]
async fn a_full_limiter_refuses_until_a_permit_is_released() {
    let server = Server::start();
    for algorithm in gatecrash_limiter::algorithm::built_in() {
        let limiter = Limiter::builder("slots", 2).algorithm(algorithm).connect(&server.url()).await.unwrap();
        let (first, second) = (taken(&limiter).await, taken(&limiter).await);
        assert_ne!(first.token(), second.token());
        assert!(limiter.acquire().await.unwrap().is_none());
        first.release().await.unwrap();
        taken(&limiter).await.release().await.unwrap();
        second.release().await.unwrap();
        assert_eq!(count(&server), 0);
    }
}

#[tokio::test]
async fn keys_are_counted_apart_over_one_connection() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    let other = limiter.with_key("other", 1);
    let (one, two) = (taken(&limiter).await, taken(&other).await);
    assert!(other.acquire().await.unwrap().is_none());
    one.release().await.unwrap();
    two.release().await.unwrap();
}

#[tokio::test]
async fn scripts_are_preloaded_and_a_flush_between_calls_goes_unnoticed() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    let script = &limiter.algorithm().scripts()[0];
    let loaded: Vec<bool> = server.ask(&format!("SCRIPT EXISTS {}", script.sha1()));
    assert_eq!(loaded, [true]);
    server.ask::<()>("SCRIPT FLUSH");
    taken(&limiter).await.release().await.unwrap();
    let loaded: Vec<bool> = server.ask(&format!("SCRIPT EXISTS {}", script.sha1()));
    assert_eq!(loaded, [true], "EVAL has cached it again");
}

#[tokio::test]
async fn a_forgotten_permit_stays_taken_until_its_token_is_released() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    let token = taken(&limiter).await.forget();
    assert!(limiter.acquire().await.unwrap().is_none());
    assert_eq!(limiter.release_token(&token).await.unwrap(), Released::Freed);
    assert_eq!(limiter.release_token(&token).await.unwrap(), Released::NotHeld);
}

#[tokio::test]
async fn the_naive_limiter_works_for_one_client() {
    let server = Server::start();
    let limiter =
        Limiter::builder("slots", 1).algorithm(Arc::new(Naive)).connect(&server.url()).await.unwrap();
    for _ in 0..3 {
        taken(&limiter).await.release().await.unwrap();
    }
    assert_eq!(count(&server), 0);
}
