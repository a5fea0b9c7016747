//! How a long run is watched.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;

/// The options of every command that can take long.
#[derive(Debug, Args)]
pub(crate) struct Observe {
    /// Serve /healthz, /readyz and /metrics at ADDRESS, such as 127.0.0.1:0 (0: any free port); one that other machines
    /// can reach needs --allow-remote
    #[arg(long, value_name = "ADDRESS", value_parser = address, global = true)]
    pub(crate) health: Option<SocketAddr>,
    /// Report a stall after this long without progress
    #[arg(long, value_name = "DURATION", value_parser = patience, default_value = "10s", global = true)]
    pub(crate) stall_after: Duration,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let named = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let localhost = named.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    localhost
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "expected an address and a port, such as 127.0.0.1:9090, or 127.0.0.1:0".to_owned())
}

fn patience(text: &str) -> Result<Duration, String> {
    let length = super::duration(text)?;
    if length.is_zero() { Err("expected more than 0s".to_owned()) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        for (text, shown) in
            [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:80", "[::1]:80"), ("localhost:9090", "127.0.0.1:9090")]
        {
            assert_eq!(address(text).map(|address| address.to_string()), Ok(shown.to_owned()), "{text}");
        }
        for text in ["", "127.0.0.1", ":80", "localhost", "localhost:x", "example.com:80", "127.0.0.1:70000"]
        {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
