//! `-listenonion`: an onion service of our own, made through Tor's control port (v0.21.5.5 src/torcontrol.cpp).
//!
//! Owns the connection to the port, from PROTOCOLINFO to ADD_ONION, and the service's key, which is kept in
//! `onion_v3_private_key` in the network's folder. The service lives as long as the connection; when that ends, it is
//! tried again, first after a second, then after half as long again each time. Where no Tor runs, only the log of
//! the category `tor` speaks of it.

mod reply;

use std::{
    ffi::OsStr,
    io,
    net::SocketAddr,
    os::unix::{ffi::OsStrExt as _, fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use litecast_p2p::{NetAddr, NetService};
use rand::Rng as _;
use sha2::Sha256;
use tokio::{
    io::{AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use self::reply::Reply;
use super::{Net, Request, proxy::within};
use crate::config::TorControlSettings;

const SERVER_KEY: &[u8] = b"Tor safe cookie authentication server-to-controller hash";
const CLIENT_KEY: &[u8] = b"Tor safe cookie authentication controller-to-server hash";
const NONCE_SIZE: usize = 32;
const COOKIE_SIZE: usize = 32;
/// Of the file with the service's key; a key has 99 bytes.
const MAX_KEY: u64 = 1000;
const KEY_FILE: &str = "onion_v3_private_key";
/// Tor's SOCKS5 proxy, if `-onion` does not say where it is.
const TOR_PROXY: ([u8; 4], u16) = ([127, 0, 0, 1], 9050);
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(600);
/// For one answer of the control port.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// For the farewell when the node stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the machine's task is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Tor answers at this proxy: onion addresses can be reached.
    Proxy(SocketAddr),
    /// Our service is there.
    Service(NetService),
    /// It is not there any more.
    Gone(NetAddr),
}

/// What a service is made of.
pub(super) struct Tor {
    pub(super) settings: TorControlSettings,
    /// The network's folder.
    pub(super) dir: PathBuf,
    /// Port that others connect to. Always the default one: another would tell services of one operator apart.
    pub(super) port: u16,
    /// Where Tor delivers.
    pub(super) target: SocketAddr,
    pub(super) net: Net,
}

struct Control {
    stream: BufReader<TcpStream>,
}

impl Control {
    async fn command(&mut self, text: &str) -> io::Result<Reply> {
        let answered = async {
            self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
            Reply::read(&mut self.stream).await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        };
        within(ANSWER_TIMEOUT, answered).await
    }
}

impl Tor {
    /// Runs until the machine's task has ended.
    pub(super) async fn run(self) {
        let Ok(addr) = self.settings.address.parse::<SocketAddr>() else {
            tracing::warn!("tor: Error parsing socket address {}", self.settings.address);
            return;
        };
        let mut pause = RETRY_FIRST;
        loop {
            let mut service = None;
            let result = tokio::select! {
                result = self.session(addr, &mut service) => result,
                () = self.net.requests.closed() => return,
            };
            if let Some((control, service)) = service {
                pause = RETRY_FIRST;
                if !self.hold(control, service).await {
                    return;
                }
            }
            match result {
                Ok(()) => tracing::debug!(target: "tor", "tor: End of stream"),
                Err(Failure::Link(error)) => tracing::debug!(target: "tor", "tor: Control port {addr}: {error}"),
                Err(Failure::Refused(why)) => tracing::warn!("tor: {why}"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.net.requests.closed() => return,
            }
            pause = (pause * 3 / 2).min(RETRY_MOST);
        }
    }

    /// From connecting to the service.
    async fn session(&self, addr: SocketAddr, made: &mut Option<(Control, NetService)>) -> Result<(), Failure> {
        let stream = within(ANSWER_TIMEOUT, TcpStream::connect(addr)).await?;
        tracing::debug!(target: "tor", "tor: Successfully connected!");
        let mut control = Control { stream: BufReader::new(stream) };
        self.authenticate(&mut control).await?;
        if self.settings.use_as_proxy {
            self.tell(Event::Proxy(TOR_PROXY.into())).await;
        }
        let service = self.add_service(&mut control).await?;
        self.tell(Event::Service(service)).await;
        *made = Some((control, service));
        Ok(())
    }

    /// Keeps the connection, and with it the service. False when the node stops.
    async fn hold(&self, mut control: Control, service: NetService) -> bool {
        let lost = async { while let Ok(Some(_)) = Reply::read(&mut control.stream).await {} };
        let goes_on = tokio::select! {
            () = lost => true,
            () = self.net.requests.closed() => false,
        };
        if goes_on {
            self.tell(Event::Gone(service.addr)).await;
        } else if let Some(id) = service.addr.to_string().strip_suffix(".onion") {
            let _ = within(FAREWELL, control.command(&format!("DEL_ONION {id}"))).await;
        }
        goes_on
    }

    async fn tell(&self, event: Event) {
        let _ = self.net.requests.send(Request::Tor(event)).await;
    }

    async fn authenticate(&self, control: &mut Control) -> Result<(), Failure> {
        let info = control.command("PROTOCOLINFO 1").await?;
        if info.code != 250 {
            return Err(Failure::Refused("Requesting protocol info failed".into()));
        }
        if let Some(version) = info.values("VERSION").get("Tor") {
            tracing::debug!(target: "tor", "tor: Connected to Tor version {}", String::from_utf8_lossy(version));
        }
        let auth = info.values("AUTH");
        let methods = auth.get("METHODS").map(Vec::as_slice).unwrap_or_default();
        let offers = |name: &str| methods.split(|byte| *byte == b',').any(|method| method == name.as_bytes());
        let proof = if let Some(password) = &self.settings.password {
            if !offers("HASHEDPASSWORD") {
                let why = "Password provided with -torpassword, but HASHEDPASSWORD authentication is not available";
                return Err(Failure::Refused(why.into()));
            }
            format!("AUTHENTICATE \"{}\"", password.replace('"', "\\\""))
        } else if offers("NULL") {
            "AUTHENTICATE".to_owned()
        } else if offers("SAFECOOKIE") {
            let file = auth.get("COOKIEFILE").map(Vec::as_slice).unwrap_or_default();
            let cookie = read_cookie(Path::new(OsStr::from_bytes(file)))?;
            format!("AUTHENTICATE {}", self.challenge(control, &cookie).await?)
        } else if offers("HASHEDPASSWORD") {
            let why = "The only supported authentication mechanism left is password, but no password provided with \
                       -torpassword";
            return Err(Failure::Refused(why.into()));
        } else {
            return Err(Failure::Refused("No supported authentication method".into()));
        };
        if control.command(&proof).await?.code != 250 {
            return Err(Failure::Refused("Authentication failed".into()));
        }
        tracing::debug!(target: "tor", "tor: Authentication successful");
        Ok(())
    }

    /// Both sides show that they know the cookie; the answer is our proof.
    async fn challenge(&self, control: &mut Control, cookie: &[u8]) -> Result<String, Failure> {
        let mut nonce = [0; NONCE_SIZE];
        rand::rng().fill_bytes(&mut nonce);
        let reply = control.command(&format!("AUTHCHALLENGE SAFECOOKIE {}", hex::encode(nonce))).await?;
        if reply.code != 250 {
            return Err(Failure::Refused("SAFECOOKIE authentication challenge failed".into()));
        }
        let values = reply.values("AUTHCHALLENGE");
        let value = |name: &str| values.get(name).and_then(|text| hex::decode(text).ok()).unwrap_or_default();
        let (server_hash, server_nonce) = (value("SERVERHASH"), value("SERVERNONCE"));
        if server_nonce.len() != NONCE_SIZE {
            return Err(Failure::Refused("ServerNonce is not 32 bytes, as required by spec".into()));
        }
        if mac(SERVER_KEY, [cookie, &nonce, &server_nonce]).verify_slice(&server_hash).is_err() {
            return Err(Failure::Refused("ServerHash does not match the cookie".into()));
        }
        Ok(hex::encode(mac(CLIENT_KEY, [cookie, &nonce, &server_nonce]).finalize().into_bytes()))
    }

    async fn add_service(&self, control: &mut Control) -> Result<NetService, Failure> {
        let file = self.dir.join(KEY_FILE);
        let kept = read_key(&file);
        let key = kept.as_deref().unwrap_or("NEW:ED25519-V3");
        let reply = control.command(&format!("ADD_ONION {key} Port={},{}", self.port, self.target)).await?;
        match reply.code {
            250 => {}
            510 => {
                let why = "Add onion failed with unrecognized command (You probably need to upgrade Tor)";
                return Err(Failure::Refused(why.into()));
            }
            code => return Err(Failure::Refused(format!("Add onion failed; error code {code}"))),
        }
        let values = reply.bare_values();
        let text = |name: &str| values.get(name).map(|text| String::from_utf8_lossy(text).into_owned());
        let addr = text("ServiceID").and_then(|id| format!("{id}.onion").parse().ok());
        let addr = addr.ok_or_else(|| Failure::Refused("Error parsing ADD_ONION parameters".into()))?;
        if let Some(key) = text("PrivateKey")
            && let Err(error) = write_key(&file, &key)
        {
            tracing::warn!("tor: Error writing service private key to {}: {error}", file.display());
        }
        let service = NetService { addr, port: self.port };
        tracing::info!("tor: Got service ID, advertising service {service}");
        Ok(service)
    }
}

/// Why there is no service.
#[derive(Debug)]
enum Failure {
    /// There is no Tor, or it went away.
    Link(io::Error),
    /// Tor is there and will not.
    Refused(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Link(error)
    }
}

fn mac(key: &[u8], parts: [&[u8]; 3]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("because a key may have any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn read_cookie(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let cookie = read_limited(path, COOKIE_SIZE as u64 + 1).map_err(|_| {
        Failure::Refused(format!("Authentication cookie {shown} could not be opened (check permissions)"))
    })?;
    if cookie.len() != COOKIE_SIZE {
        let why = format!("Authentication cookie {shown} is not exactly 32 bytes, as is required by the spec");
        return Err(Failure::Refused(why));
    }
    Ok(cookie)
}

/// The service's key, if there is one that is a key: one line.
fn read_key(path: &Path) -> Option<String> {
    let key = String::from_utf8(read_limited(path, MAX_KEY).ok()?).ok()?;
    let key = key.trim_end();
    let good = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| key.to_owned())
}

fn write_key(path: &Path, key: &str) -> io::Result<()> {
    use io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())
}

fn read_limited(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut content = Vec::new();
    std::fs::File::open(path)?.take(most).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests;
