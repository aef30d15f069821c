//! One connection: bytes out, stream events in, with or without TLS. It knows no rooms.
//!
//! Tests of bad input use it directly, since a well-behaved client cannot misbehave.

use super::lost::{Lost, stream_error};
use anyhow::Context as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use xmpp::stream::{Event, Header, Limits, StreamParser, print_first_level};
use xmpp::{Element, ns};

/// Bytes read at once.
const CHUNK_BYTES: usize = 16_384;

/// Whatever carries a stream.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// One connection to a server.
pub struct Wire {
    transport: Box<dyn Transport>,
    parser: StreamParser,
    chunk: Box<[u8; CHUNK_BYTES]>,
    /// What of the chunk has not been parsed.
    unparsed: std::ops::Range<usize>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// Connects without TLS.
    pub async fn connect(address: SocketAddr) -> Result<Self, Lost> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Connects with TLS from the first byte (XEP-0368).
    pub async fn connect_tls(
        address: SocketAddr,
        domain: &str,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, Lost> {
        Self::connect(address).await?.secured(domain, tls).await
    }

    /// Speaks over any transport, such as one end of an in-memory pipe.
    pub fn over(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Box::new(transport),
            parser: StreamParser::new(Limits::after_login()),
            chunk: Box::new([0; CHUNK_BYTES]),
            unparsed: 0..0,
        }
    }

    /// Goes on with TLS, as after `<proceed/>`.
    pub async fn secured(
        self,
        domain: &str,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, Lost> {
        let name = ServerName::try_from(domain.to_owned()).map_err(std::io::Error::other)?;
        let connector = TlsConnector::from(Arc::clone(tls));
        Ok(Self::over(connector.connect(name, self.transport).await?))
    }

    /// Asks for TLS on a fresh connection, and goes on with it (RFC 6120 section 5).
    pub async fn start_tls(
        mut self,
        domain: &str,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, Lost> {
        let features = self.open(domain).await?;
        if !features.has_child(ns::TLS, "starttls") {
            return Err(Lost::NotOffered("STARTTLS"));
        }
        self.send(&Element::new(ns::TLS, "starttls")).await?;
        if !self.next().await?.is(ns::TLS, "proceed") {
            return Err(Lost::NotOffered("STARTTLS after all"));
        }
        self.secured(domain, tls).await
    }

    /// Opens the stream, for the first time or anew, and returns what the server offers.
    pub async fn open(&mut self, domain: &str) -> Result<Element, Lost> {
        self.parser = StreamParser::new(Limits::after_login());
        let header = Header {
            to: Some(domain.to_owned()),
            version: Some("1.0".to_owned()),
            ..Header::default()
        };
        let mut text = String::new();
        header.print(&mut text);
        self.send_bytes(text.as_bytes()).await?;
        let features = self.next().await?;
        if features.is(ns::STREAM, "features") {
            return Ok(features);
        }
        Err(Lost::NotOffered("stream features"))
    }

    /// Sends one first-level element.
    pub async fn send(&mut self, element: &Element) -> Result<(), Lost> {
        let mut text = String::new();
        print_first_level(element, &mut text);
        self.send_bytes(text.as_bytes()).await
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.transport.write_all(bytes).await?;
        self.transport.flush().await?;
        Ok(())
    }

    /// The next first-level element. Nothing is lost when this future is dropped.
    pub async fn next(&mut self) -> Result<Element, Lost> {
        loop {
            match self.next_event().await? {
                Event::Opened(_) => {}
                Event::Stanza(error) if error.is(ns::STREAM, "error") => {
                    return Err(stream_error(&error));
                }
                Event::Stanza(element) => return Ok(element),
                Event::Closed => return Err(Lost::Closed),
            }
        }
    }

    /// The next event of the stream. Nothing is lost when this future is dropped.
    pub async fn next_event(&mut self) -> Result<Event, Lost> {
        loop {
            let mut input = &self.chunk[self.unparsed.clone()];
            let read = self.parser.read(&mut input);
            self.unparsed.start = self.unparsed.end - input.len();
            if let Some(event) = read.map_err(Lost::Wrong)? {
                return Ok(event);
            }
            let length = self.transport.read(&mut *self.chunk).await?;
            if length == 0 {
                return Err(Lost::Closed);
            }
            self.unparsed = 0..length;
        }
    }

    /// Ends the stream in good order.
    pub async fn close(mut self) -> Result<(), Lost> {
        self.send_bytes(xmpp::stream::CLOSE.as_bytes()).await?;
        self.transport.shutdown().await?;
        Ok(())
    }
}

/// Trusts the authority in a PEM file, and nobody else.
pub fn trust(authority: &Path) -> anyhow::Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    let what = || format!("read the authority {}", authority.display());
    for certificate in CertificateDer::pem_file_iter(authority).with_context(what)? {
        roots.add(certificate.with_context(what)?).with_context(what)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choose versions of TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    Ok(Arc::new(config))
}
