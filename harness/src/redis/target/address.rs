//! Where a server is: a URL, read once, kept apart into what may be shown and what may not.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use gatecrash_limiter::Command;
use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use url::Url;

const ACCEPTED: &str = "it must begin with redis://, rediss:// or redis+unix://";
const PORT: u16 = 6379;
const INSECURE: &str = "insecure";
const SOCKET_OPTIONS: [&str; 3] = ["db", "user", "pass"];

/// A server's address with the credentials for it. Both its texts leave the credentials out.
#[derive(Clone)]
pub struct Address {
    info: Arc<ConnectionInfo>,
    shown: String,
}

impl Address {
    /// Reads a URL. An error says what is wrong without repeating any of the text: whatever could not be read
    /// could be a password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => no_redis_url(text),
            other => other.to_string(),
        })?;
        match url.scheme() {
            "redis" => check_network(&url, false)?,
            "rediss" => check_network(&url, true)?,
            "redis+unix" | "unix" => check_socket(&url)?,
            _ => return Err(no_redis_url(text)),
        }
        let shown = show(&url, database(&url)?);
        let info = url
            .into_connection_info()
            .map_err(|_| "its host is a wildcard, or its user or password is not UTF-8".to_owned())?;
        Ok(Self { info: Arc::new(settle(info)), shown })
    }

    /// The address of a unix socket.
    pub(crate) fn socket(path: &Path) -> Self {
        let addr = ConnectionAddr::Unix(path.to_owned());
        let shown = format!("redis+unix://{}", path.display());
        // This conversion has no way to fail; its signature is that of a trait.
        let Ok(info) = addr.into_connection_info() else { unreachable!("an address is an address") };
        Self { info: Arc::new(settle(info)), shown }
    }

    /// Whether only this machine can answer at it: 127.0.0.0/8, `::1`, `localhost`, or a unix socket.
    pub fn is_loopback(&self) -> bool {
        match self.info.addr() {
            ConnectionAddr::Unix(_) => true,
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host
                .parse::<IpAddr>()
                .map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback()),
            _ => false,
        }
    }

    /// What is said first on a new connection: the password, and which database is meant.
    pub(crate) fn introduction(&self) -> impl Iterator<Item = Command> {
        let settings = self.info.redis_settings();
        let auth = settings.password().map(|password| {
            let words = settings.username().into_iter().chain([password]);
            words.fold(Command::new("AUTH"), |auth, word| auth.arg(word.to_owned()))
        });
        let select = (settings.db() != 0).then(|| Command::new("SELECT").arg(settings.db().to_string()));
        auth.into_iter().chain(select)
    }

    /// How to connect: everything that has a bearing on a measurement is set, nothing is left to defaults.
    pub fn connection_info(&self) -> &ConnectionInfo {
        &self.info
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// Small writes go out at once, replies are RESP2, and a connection says nothing that nobody asked it to say.
fn settle(info: ConnectionInfo) -> ConnectionInfo {
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name();
    info.set_tcp_settings(TcpSettings::default().set_nodelay(true)).set_redis_settings(redis)
}

/// What is accepted, and what was probably meant.
fn no_redis_url(text: &str) -> String {
    meant(text).map_or_else(|| ACCEPTED.to_owned(), |url| format!("{ACCEPTED}; try {url}"))
}

/// The URL of what is no more than a host with a port, or the path of a socket. Nothing else is repeated.
fn meant(text: &str) -> Option<String> {
    if text.starts_with('/') && Path::new(text).extension().is_some_and(|ending| ending == "sock") {
        return Some(format!("redis+unix://{text}"));
    }
    let (host, port) = text.rsplit_once(':')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let is_address = !host.is_empty() && host.chars().all(is_plain) && port.parse::<u16>().is_ok();
    is_address.then(|| format!("redis://{text}"))
}

fn check_network(url: &Url, tls: bool) -> Result<(), String> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host".to_owned());
    }
    if url.query().is_some() {
        return Err("it has options after a `?`, which only redis+unix:// has".to_owned());
    }
    match url.fragment() {
        None => Ok(()),
        Some(INSECURE) if tls => Ok(()),
        Some(_) => Err("after a `#` only rediss://...#insecure is known".to_owned()),
    }
}

fn check_socket(url: &Url) -> Result<(), String> {
    let absolute = url.host_str().is_none_or(str::is_empty) && url.path().len() > 1;
    if !absolute {
        return Err("a socket needs its whole path, as in redis+unix:///run/redis.sock".to_owned());
    }
    if url.query_pairs().any(|(name, _)| !SOCKET_OPTIONS.contains(&name.as_ref())) {
        return Err(format!("its options can be {}", SOCKET_OPTIONS.join(", ")));
    }
    if url.fragment().is_some() {
        return Err("a socket has nothing after a `#`".to_owned());
    }
    Ok(())
}

/// The number of the database, 0 unless it is named.
fn database(url: &Url) -> Result<u32, String> {
    let named = if is_socket(url) {
        url.query_pairs().find(|(name, _)| name == "db").map(|(_, value)| value.into_owned())
    } else {
        Some(url.path().trim_matches('/').to_owned()).filter(|path| !path.is_empty())
    };
    named.map_or(Ok(0), |text| text.parse().map_err(|_| "its database is not a number".to_owned()))
}

fn is_socket(url: &Url) -> bool {
    url.scheme().ends_with("unix")
}

/// The URL without credentials. A user's name goes too: some services put their token there.
fn show(url: &Url, database: u32) -> String {
    if is_socket(url) {
        let options: Vec<String> = url
            .query_pairs()
            .map(|(name, _)| if name == "db" { format!("db={database}") } else { format!("{name}=***") })
            .collect();
        let mark = if options.is_empty() { "" } else { "?" };
        return format!("redis+unix://{}{mark}{}", url.path(), options.join("&"));
    }
    let credentials = if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().unwrap_or(PORT);
    let mark = if url.fragment().is_some() { "#insecure" } else { "" };
    format!("{}://{credentials}{host}:{port}/{database}{mark}", url.scheme())
}
