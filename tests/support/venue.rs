//! The venue under test, and a client that knows nothing of minnow: rustls, HTTP by hand,
//! tungstenite for websockets, its own signatures.

// Each test program uses its own part of this.
#![allow(dead_code)]

use super::folder::Folder;
use super::process::Process;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(30);

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A running venue; it is stopped with the test.
pub struct Venue {
    folder: Folder,
    process: Process,
    port: u16,
    arguments: Vec<String>,
}

impl Venue {
    /// Starts one on a free port with an hour of history and no request limit.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let (process, port) = launch(&folder, &arguments);
        Self {
            folder,
            process,
            port,
            arguments,
        }
    }

    /// Kills it and starts it again in the same folder.
    pub fn restart(&mut self) {
        self.process.signal(libc::SIGKILL);
        self.process.wait();
        let (process, port) = launch(&self.folder, &self.arguments);
        (self.process, self.port) = (process, port);
    }

    /// Stops it in order.
    pub fn stop(&mut self) -> Option<i32> {
        self.process.signal(libc::SIGTERM);
        self.process.wait().code()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Settings of a client, as a `.env` file.
    pub fn settings_file(&self) -> std::path::PathBuf {
        self.folder.path().join("venue/venue.env")
    }

    pub fn file(&self, name: &str) -> String {
        let path = self.folder.path().join("venue").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn tcp(&self) -> TcpStream {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).expect("the venue listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        socket
    }

    fn tls(&self) -> Tls {
        let mut roots = RootCertStore::empty();
        let pem = self.file("certificate.pem");
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        roots.add(certificate).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().expect("a name");
        let tls = ClientConnection::new(Arc::new(config), name).expect("TLS");
        StreamOwned::new(tls, self.tcp())
    }

    /// A REST client on a connection of its own.
    pub fn rest(&self) -> Rest {
        let keys: Value = serde_json::from_str(&self.file("keys.json")).expect("JSON");
        let name = |index: usize| keys[index]["name"].as_str().expect("a name").to_owned();
        Rest {
            tls: self.tls(),
            host: format!("localhost:{}", self.port),
            keys: [
                (name(0), Signer::es256(&self.file("es256.pem"))),
                (name(1), Signer::ed25519(&self.file("ed25519.key"))),
            ],
            key: 0,
            spoil_signature: false,
            clock_offset: 0,
        }
    }

    pub fn stream(&self) -> Stream {
        let url = format!("wss://localhost:{}", self.port);
        let (socket, _) = tungstenite::client(url, self.tls()).expect("a websocket");
        Stream { socket }
    }

    /// Sends bytes without TLS and goes away.
    pub fn send_raw(&self, bytes: &[u8]) {
        self.tcp().write_all(bytes).expect("bytes are sent");
    }
}

fn launch(folder: &Folder, arguments: &[String]) -> (Process, u16) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command
        .env_clear()
        .current_dir(folder.path())
        .args([
            "venue",
            "--port",
            "0",
            "--folder",
            "venue",
            "--no-rate-limit",
        ])
        .args(arguments);
    if !arguments.iter().any(|argument| argument == "--history") {
        command.args(["--history", "1"]);
    }
    // Its address is in the file that it writes for clients, before it serves them.
    let path = folder.path().join("venue/venue.env");
    let _ = std::fs::remove_file(&path);
    let process = Process::start_silent(command);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let url = text
            .lines()
            .find_map(|line| line.strip_prefix("EXCHANGE__BASE_URL="));
        if let Some(port) = url.and_then(|url| url.rsplit(':').next()?.parse().ok()) {
            return (process, port);
        }
        assert!(Instant::now() < deadline, "the venue says where it listens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

enum Signer {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// From the SEC1 form: the scalar behind seven bytes, the point at the end.
    fn es256(pem: &str) -> Self {
        assert!(pem.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).expect("base64");
        let (scalar, point) = (&der[7..39], &der[der.len() - 65..]);
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &random);
        Self::Es256(pair.expect("a key"))
    }

    fn ed25519(text: &str) -> Self {
        let bytes = STANDARD.decode(text.trim()).expect("base64");
        let pair = Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..]);
        Self::Ed25519(pair.expect("a key"))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        match self {
            Self::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), text.as_bytes());
                signature.expect("a signature").as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        }
    }
}

/// A client of the calls.
pub struct Rest {
    tls: Tls,
    host: String,
    keys: [(String, Signer); 2],
    key: usize,
    pub spoil_signature: bool,
    /// Seconds by which its clock is off.
    pub clock_offset: i64,
}

impl Rest {
    pub fn sign_with(&mut self, key: usize) {
        self.key = key;
    }

    /// A token for a call (`METHOD host/path`), or for a stream.
    pub fn token(&self, uri: Option<&str>) -> String {
        let (name, signer) = &self.keys[self.key];
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        let now = now.as_secs() as i64 + self.clock_offset;
        let header = json!({"alg": signer.name(), "kid": name, "nonce": "00", "typ": "JWT"});
        let mut claims = json!({"sub": name, "iss": "cdp", "nbf": now, "exp": now + 120});
        if let Some(uri) = uri {
            claims["uri"] = json!(uri);
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = signer.sign(&signed);
        signature[5] ^= u8::from(self.spoil_signature);
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Status and body of a call.
    pub fn call(&mut self, method: &str, target: &str, body: &str) -> (u16, String) {
        self.try_call(method, target, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// The same; an error when the connection ends without an answer.
    pub fn try_call(
        &mut self,
        method: &str,
        target: &str,
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        self.ask(method, target, body)?;
        self.answer()
    }

    /// Sends a call; its answer is not waited for.
    pub fn ask(&mut self, method: &str, target: &str, body: &str) -> std::io::Result<()> {
        let path = target.split('?').next().unwrap_or_default();
        let token = self.token(Some(&format!("{method} {}{path}", self.host)));
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.tls.write_all(request.as_bytes())
    }

    /// Waits for the answer to what was asked: status and body.
    pub fn answer(&mut self) -> std::io::Result<(u16, String)> {
        let head = self.head()?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|text| text.parse().ok())
            .expect("a length");
        let mut body = vec![0; length];
        self.tls.read_exact(&mut body)?;
        let status = head[9..12].parse().expect("a status");
        Ok((status, String::from_utf8(body).expect("text")))
    }

    /// Whether nothing of an answer has come so far.
    pub fn is_unanswered(&mut self) -> bool {
        self.tls.sock.set_nonblocking(true).expect("no waiting");
        let read = self.tls.read(&mut [0]);
        self.tls.sock.set_nonblocking(false).expect("waiting");
        read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    fn head(&mut self) -> std::io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.tls.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        Ok(String::from_utf8(head).expect("text"))
    }

    /// What comes back for these bytes.
    pub fn try_raw(&mut self, bytes: &[u8]) -> String {
        self.tls.write_all(bytes).expect("bytes are sent");
        self.head().expect("an answer")
    }

    pub fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.call("GET", target, "");
        assert_eq!(status, 200, "{target}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    pub fn post(&mut self, target: &str, body: &Value) -> Value {
        let (status, body) = self.call("POST", target, &body.to_string());
        assert_eq!(status, 200, "{target}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

/// A client of the channels.
pub struct Stream {
    socket: WebSocket<Tls>,
}

impl Stream {
    pub fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    pub fn say_text(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .expect("a message is sent");
    }

    /// The next frame.
    pub fn frame(&mut self) -> Value {
        loop {
            match self.socket.read().expect("a frame") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Whether the next frame is of this channel and satisfies the condition.
    pub fn frame_of(&mut self, channel: &str, condition: impl Fn(&Value) -> bool) -> bool {
        let frame = self.frame();
        frame["channel"] == channel && condition(&frame)
    }

    /// Reads until an order has this status; returns what is told of it.
    pub fn update(&mut self, id: &str, status: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let frame = self.frame();
            for order in frame["events"][0]["orders"]
                .as_array()
                .into_iter()
                .flatten()
            {
                if order["order_id"] == id && order["status"] == status {
                    return order.clone();
                }
            }
        }
        panic!("order {id} never became {status}");
    }

    /// Reads until the connection ends, whichever way.
    pub fn wait_for_end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.socket.read() {
                Ok(Message::Close(_)) | Err(_) => return,
                Ok(_) => {}
            }
        }
        panic!("the connection never ended");
    }
}
