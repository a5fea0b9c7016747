//! An activity over HTTP: `/healthz`, `/readyz`, `/metrics`, on a thread of its own that ends with its handle.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{Activity, metrics, text};

/// How many may be connected at once: whoever comes then takes the place of the one that has been there longest, so that
/// slow connections keep no probe from an answer.
const CONNECTIONS: usize = 32;
/// How long a request may take, from its first byte to the answer's last.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request, in bytes: its line and its headers. A body is never read.
const LONGEST: usize = 8 * 1024;

/// The server. It ends when this is dropped, whoever is connected.
#[derive(Debug)]
pub struct Health {
    address: SocketAddr,
    /// Dropped to say: end.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Health {
    /// Serves an activity at that address; with port 0 at a port that is free.
    pub fn serve(address: SocketAddr, activity: Arc<Activity>) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("health".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    // That the sender is gone is all it ever says.
                    _ = ended => {}
                    Err(error) = accept(listener, activity) => tracing::warn!(%error, "health is not served"),
                }
            });
            // Whoever is still connected is cut off: nothing here may hold up the end of a run.
            runtime.shutdown_background();
        })?;
        Ok(Self { address, end: Some(end), thread: Some(thread) })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It only shows what is going on: if it panicked, there is nothing to save.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, activity: Arc<Activity>) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connected: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let activity = Arc::clone(&activity);
                connected.retain(|earlier| !earlier.is_finished());
                if connected.len() >= CONNECTIONS
                    && let Some(longest) = connected.pop_front()
                {
                    longest.abort();
                }
                let conversation = tokio::spawn(async move {
                    // A request that is cut short has nobody who could be told.
                    let _ = tokio::time::timeout(PATIENCE, converse(stream, &activity)).await;
                });
                connected.push_back(conversation.abort_handle());
            }
            Err(error) => {
                // Such as too many open files: that may pass, and a busy loop would make it worse.
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One request, one answer.
async fn converse(stream: TcpStream, activity: &Activity) -> hyper::Result<()> {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), activity);
        async { Ok::<_, Infallible>(answer) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LONGEST)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

fn answer(method: &Method, path: &str, activity: &Activity) -> Response<Full<Bytes>> {
    let known = ["/healthz", "/readyz", "/metrics"].contains(&path);
    if known && method != Method::GET && method != Method::HEAD {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    match path {
        "/healthz" if activity.is_stalled() => {
            plain(StatusCode::SERVICE_UNAVAILABLE, text::stalled(&activity.snapshot()) + "\n")
        }
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/readyz" if activity.is_ready() => plain(StatusCode::OK, "ready\n"),
        "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "work has not begun\n"),
        "/metrics" => match metrics::render(&activity.snapshot()) {
            Ok(text) => response(StatusCode::OK, metrics::CONTENT_TYPE, text),
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        },
        _ => plain(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"),
    }
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text)
}

fn response(status: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
