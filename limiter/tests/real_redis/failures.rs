//! What goes wrong is told apart.

use std::time::{Duration, Instant};

use gatecrash_limiter::algorithm::built_in;
use gatecrash_limiter::{Backoff, Error, Limiter, Released, Settings, Token};

use super::server::Server;
use super::{connect, count, taken, wait_for_count};

/// Gives up on a connection at once.
fn quick() -> Settings {
    let reconnect = Backoff { retries: 0, ..Backoff::default() };
    Settings { reconnect, ..Settings::default() }
}

/// Gives up on a reply soon. On a busy machine that may be too soon even for a server that answers.
fn impatient() -> Settings {
    Settings { response_timeout: Duration::from_millis(200), ..quick() }
}

async fn connect_tcp(server: &Server, settings: Settings) -> Limiter {
    let url = format!("redis://{}", server.tcp_address());
    Limiter::builder("slots", 1).settings(settings).connect(&url).await.unwrap()
}

/// Releases a token as often as it takes to hear about it.
async fn settle(limiter: &Limiter, token: &Token) -> Released {
    let give_up = Instant::now() + Duration::from_secs(20);
    loop {
        match limiter.release_token(token).await {
            Ok(released) => return released,
            Err(error) => assert!(error.is_unknown() && Instant::now() < give_up, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_a_refusal_in_the_servers_words() {
    let server = Server::start();
    server.ask::<()>("SET slots x");
    for algorithm in built_in() {
        let limiter = Limiter::builder("slots", 1).algorithm(algorithm).connect(&server.url()).await.unwrap();
        let error = limiter.acquire().await.unwrap_err();
        let Error::Refused { text, token: Some(_) } = &error else { panic!("{error:?}") };
        assert!(text.starts_with("WRONGTYPE "), "{text}");
        assert!(!error.is_unknown());
    }
}

#[tokio::test]
async fn a_permit_that_the_store_lost_is_reported_at_its_release() {
    let server = Server::start();
    let limiter = connect(&server, 1).await;
    let permit = taken(&limiter).await;
    let token = permit.token().clone();
    server.ask::<()>("DEL slots");
    let error = permit.release().await.unwrap_err();
    assert!(matches!(&error, Error::NotHeld { token: t } if *t == token), "{error:?}");
}

#[tokio::test]
async fn a_reply_that_does_not_come_is_an_unknown_outcome_which_releasing_the_token_settles() {
    let server = Server::start_tcp();
    let limiter = connect_tcp(&server, impatient()).await;
    server.freeze();
    let error = limiter.acquire().await.unwrap_err();
    assert!(matches!(&error, Error::UnknownOutcome { command, .. } if command == "EVALSHA"), "{error:?}");
    server.thaw();
    // The server carries out the acquire now; the release comes after it on the same connection.
    settle(&limiter, error.token().unwrap()).await;
    assert_eq!(count(&server), 0);
}

#[tokio::test]
async fn an_unknown_outcome_settles_itself_once_the_server_answers_again() {
    let server = Server::start_tcp();
    let limiter = connect_tcp(&server, impatient()).await;
    server.freeze();
    assert!(limiter.acquire().await.unwrap_err().is_unknown());
    server.thaw();
    // The connection hands over in order: what this asks for comes after the acquire.
    assert_eq!(settle(&limiter, &"none".into()).await, Released::NotHeld);
    wait_for_count(&server, 0).await;
}

#[tokio::test]
async fn a_server_that_dies_is_an_error_and_one_that_comes_back_is_used_again() {
    let mut server = Server::start();
    let limiter = Limiter::builder("slots", 1).settings(quick()).connect(&server.url()).await.unwrap();
    let permit = taken(&limiter).await;
    server.stop();
    // The broken connection is found by using it, at which point the command may have been sent.
    let error = permit.release().await.unwrap_err();
    assert!(matches!(error, Error::UnknownOutcome { .. }), "{error:?}");
    let error = limiter.acquire().await.unwrap_err();
    assert!(matches!(error, Error::NotSent { token: Some(_), .. }), "{error:?}");
    server.restart();
    taken(&limiter).await.release().await.unwrap();
    assert_eq!(count(&server), 0);
}

#[tokio::test]
async fn an_address_without_a_server_is_reported_as_nothing_sent() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("redis+unix://{}/none", folder.path().display());
    let error = Limiter::builder("slots", 1).settings(quick()).connect(&url).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { token: None, .. }), "{error:?}");
}

#[tokio::test]
async fn tls_to_a_server_that_does_not_speak_it_is_an_error_like_any_other() {
    let server = Server::start_tcp();
    let url = format!("rediss://{}", server.tcp_address());
    let error = Limiter::builder("slots", 1).settings(quick()).connect(&url).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn passwords_are_told_to_nobody() {
    let server = Server::start_tcp();
    server.ask::<()>("CONFIG SET requirepass sesame");
    let address = server.tcp_address();
    let right = Limiter::builder("slots", 1).connect(&format!("redis://:sesame@{address}")).await.unwrap();
    let wrong =
        Limiter::builder("slots", 1).connect(&format!("redis://:sesame2@{address}")).await.unwrap_err();
    assert!(matches!(wrong, Error::Refused { .. }), "{wrong:?}");
    let none = Limiter::builder("slots", 1).connect(&format!("redis://{address}")).await.unwrap_err();
    assert!(matches!(&none, Error::Refused { text, .. } if text.starts_with("NOAUTH")), "{none:?}");
    let mut said = vec![format!("{right:?} {wrong:?} {wrong} {none:?} {none}")];
    for bad in
        ["redis://:sesame@host:99999999", "http://:sesame@host", "redis://:sesame@host/sesame", "sesame"]
    {
        let error = Limiter::builder("slots", 1).connect(bad).await.unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{error:?}");
        said.push(format!("{error:?} {error}"));
    }
    assert!(!said.concat().contains("sesame"), "{said:?}");
}
