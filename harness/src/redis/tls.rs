//! TLS to a server: whom we trust, and a stream that waits no longer than it is told.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::deadline::left_until;

/// How connections are made: whoever is `insecure` trusts whoever answers, all others whom this machine trusts. Read
/// once: there can be many connections, and a hundred certificates.
pub(crate) fn client_config(insecure: bool) -> io::Result<Arc<ClientConfig>> {
    static TRUSTING: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    static CHECKING: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let (known, make): (_, fn() -> io::Result<ClientConfig>) =
        if insecure { (&TRUSTING, trusting) } else { (&CHECKING, checking) };
    if let Some(config) = known.get() {
        return Ok(Arc::clone(config));
    }
    let config = Arc::new(make()?);
    Ok(Arc::clone(known.get_or_init(|| config)))
}

/// The name that a server's certificate has to be for.
pub(crate) fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    // As in a URL, an IPv6 address stands in brackets.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).map_err(io::Error::other)
}

fn checking() -> io::Result<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    if let Some(error) = found.errors.into_iter().next() {
        return Err(io::Error::other(error));
    }
    let mut trusted = RootCertStore::empty();
    for certificate in found.certs {
        trusted.add(certificate).map_err(io::Error::other)?;
    }
    Ok(builder()?.with_root_certificates(trusted).with_no_client_auth())
}

fn trusting() -> io::Result<ClientConfig> {
    let verifier = Arc::new(TrustWhoeverAnswers(ring::default_provider()));
    let mut config = builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.enable_sni = false;
    Ok(config)
}

fn builder() -> io::Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)
}

/// What `#insecure` asks for.
#[derive(Debug)]
struct TrustWhoeverAnswers(CryptoProvider);

impl ServerCertVerifier for TrustWhoeverAnswers {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A TCP stream within TLS. It is read and written step by step: a peer that sends records byte by byte is not waited
/// for longer than one that sends nothing.
pub(super) struct TlsStream {
    session: ClientConnection,
    tcp: TcpStream,
}

impl TlsStream {
    /// Agrees on keys, all of that until the deadline.
    pub(super) fn connect(tcp: TcpStream, host: &str, insecure: bool, deadline: Instant) -> io::Result<Self> {
        let session = ClientConnection::new(client_config(insecure)?, server_name(host)?);
        let mut stream = Self { session: session.map_err(io::Error::other)?, tcp };
        while stream.session.is_handshaking() {
            stream.flush(deadline)?;
            if stream.session.is_handshaking() {
                stream.tcp.set_read_timeout(Some(left_until(deadline)?))?;
                stream.take_in()?;
            }
        }
        stream.flush(deadline)?;
        Ok(stream)
    }

    /// The stream below, for its timeouts.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Reads what there is, waiting for the network once; `None` if what came is no more than a part of a record.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if let Some(read) = self.read_plain(buffer)? {
            return Ok(Some(read));
        }
        self.take_in()?;
        self.read_plain(buffer)
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.session.reader().read(buffer) {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for the network once.
    fn take_in(&mut self) -> io::Result<()> {
        if self.session.read_tls(&mut self.tcp)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = self.session.process_new_packets() {
            // The peer may hear why; we give up anyway.
            let _ = self.session.write_tls(&mut self.tcp);
            return Err(io::Error::other(error));
        }
        Ok(())
    }

    pub(super) fn write_all(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.session.writer().write(bytes)?;
            bytes = &bytes[taken..];
            self.flush(deadline)?;
        }
        Ok(())
    }

    fn flush(&mut self, deadline: Instant) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.tcp) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.session.wants_write() {
                left_until(deadline)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("tcp", &self.tcp).finish_non_exhaustive()
    }
}
