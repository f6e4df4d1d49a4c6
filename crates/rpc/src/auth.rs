//! Who may call, and what: user and password, hashed users, the cookie file, and lists of methods per user.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// User of the cookie file (v0.21.5.5 `src/rpc/request.cpp`).
const COOKIE_USER: &str = "__cookie__";

/// The options that decide who may call.
#[derive(Debug, Clone, Default)]
pub struct AuthConfig {
    /// `-rpcuser` and `-rpcpassword`; without them a cookie file is made.
    pub user_password: Option<(String, String)>,
    /// Where the cookie file goes.
    pub cookie_file: PathBuf,
    /// `-rpcauth` values, `user:salt$hash`. Malformed ones are skipped, as the reference does.
    pub users: Vec<String>,
    /// `-rpcwhitelist` values, `user:method,method`.
    pub whitelist: Vec<String>,
    /// Users without a list may call nothing.
    pub whitelist_default: bool,
}

/// A cookie file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No randomness.
    #[error("no randomness for the authentication cookie: {0}")]
    Random(getrandom::Error),
    /// It cannot be written.
    #[error("Unable to open cookie authentication file {0} for writing: {1}")]
    Cookie(PathBuf, io::Error),
}

struct HashedUser {
    name: String,
    salt: String,
    hash: String,
}

/// Ready to judge requests. Dropping it removes the cookie file it made.
pub(crate) struct Auth {
    user_password: String,
    users: Vec<HashedUser>,
    whitelist: BTreeMap<String, BTreeSet<String>>,
    whitelist_default: bool,
    nothing: BTreeSet<String>,
    cookie: Option<PathBuf>,
}

impl Auth {
    pub(crate) fn new(config: &AuthConfig) -> Result<Self, AuthError> {
        let (user_password, cookie) = match &config.user_password {
            Some((user, password)) => {
                tracing::info!(
                    "Using rpcuser and rpcpassword, which are on their way out: drop them for the cookie file, or use rpcauth."
                );
                (format!("{user}:{password}"), None)
            }
            None => {
                tracing::info!("Using random cookie authentication.");
                let cookie = write_cookie(&config.cookie_file)?;
                tracing::info!("Generated RPC authentication cookie {}", config.cookie_file.display());
                (cookie, Some(config.cookie_file.clone()))
            }
        };
        if !config.users.is_empty() {
            tracing::info!("Using rpcauth authentication.");
        }
        Ok(Self {
            user_password,
            users: config.users.iter().filter_map(|text| hashed_user(text)).collect(),
            whitelist: whitelist(&config.whitelist),
            whitelist_default: config.whitelist_default,
            nothing: BTreeSet::new(),
            cookie,
        })
    }

    /// The user of an `Authorization` header, if it is right.
    pub(crate) fn user(&self, header: &[u8]) -> Option<String> {
        let encoded = std::str::from_utf8(header).ok()?.strip_prefix("Basic ")?.trim();
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        let single = bool::from(decoded.as_bytes().ct_eq(self.user_password.as_bytes()));
        let known = single || self.users.iter().any(|known| known.matches(user, password));
        known.then(|| user.to_owned())
    }

    /// The only methods a user may call; `None` for no limit.
    pub(crate) fn allowed(&self, user: &str) -> Option<&BTreeSet<String>> {
        match self.whitelist.get(user) {
            Some(methods) => Some(methods),
            None => self.whitelist_default.then_some(&self.nothing),
        }
    }
}

impl Drop for Auth {
    fn drop(&mut self) {
        if let Some(path) = &self.cookie
            && let Err(error) = fs::remove_file(path)
        {
            tracing::info!("Unable to remove random auth cookie file: {error}");
        }
    }
}

impl HashedUser {
    fn matches(&self, user: &str, password: &str) -> bool {
        if !bool::from(self.name.as_bytes().ct_eq(user.as_bytes())) {
            return false;
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.salt.as_bytes()).expect("because HMAC takes keys of any length");
        mac.update(password.as_bytes());
        let hash = hex::encode(mac.finalize().into_bytes());
        bool::from(hash.as_bytes().ct_eq(self.hash.as_bytes()))
    }
}

fn hashed_user(text: &str) -> Option<HashedUser> {
    let mut fields = text.split([':', '$']).map(str::to_owned);
    let user = HashedUser { name: fields.next()?, salt: fields.next()?, hash: fields.next()? };
    fields.next().is_none().then_some(user)
}

fn whitelist(values: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for value in values {
        let (user, methods) = match value.split_once(':') {
            Some((user, methods)) => (user, Some(methods)),
            None => (value.as_str(), None),
        };
        let known = lists.contains_key(user);
        let list = lists.entry(user.to_owned()).or_default();
        if let Some(methods) = methods {
            let methods: BTreeSet<String> = methods.split([',', ' ']).map(str::to_owned).collect();
            *list = if known { methods.intersection(list).cloned().collect() } else { methods };
        }
    }
    lists
}

/// Writes a new password for this run and returns `user:password`. Only the owner can read it.
fn write_cookie(path: &Path) -> Result<String, AuthError> {
    let mut password = [0; 32];
    getrandom::fill(&mut password).map_err(AuthError::Random)?;
    let cookie = format!("{COOKIE_USER}:{}", hex::encode(password));
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(cookie.as_bytes())?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| AuthError::Cookie(path.to_owned(), error))?;
    Ok(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(user_password: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(user_password)).into_bytes()
    }

    /// Users of v0.21.5.5 `test/functional/rpc_users.py` and `rpc_whitelist.py`, hashed by the reference's rpcauth.py.
    #[test]
    fn hashed_users() {
        let auth = Auth::new(&AuthConfig {
            user_password: Some(("u💻".to_owned(), "p🔑:x".to_owned())),
            users: vec![
                "rt:93648e835a54c573682c2eb19f882535$7681e9c5b74bdd85e78166031d2058e1069b3ed7ed967c93fc63abba06f31144"
                    .to_owned(),
                "broken:only-two".to_owned(),
            ],
            ..AuthConfig::default()
        })
        .unwrap();
        let password = "cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM=";
        assert_eq!(auth.user(&header(&format!("rt:{password}"))).as_deref(), Some("rt"));
        assert_eq!(auth.user(&header("u💻:p🔑:x")).as_deref(), Some("u💻"));
        for wrong in
            [format!("rt:{password}wrong"), format!("rtwrong:{password}"), "u💻:p🔑".to_owned(), "broken:".to_owned()]
        {
            assert_eq!(auth.user(&header(&wrong)), None, "{wrong}");
        }
        assert_eq!(auth.user(b"Bearer x"), None);
        assert_eq!(auth.user(b"Basic !!!"), None);
    }

    #[test]
    fn cookie_is_private_and_goes_with_the_server() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".cookie");
        let auth = Auth::new(&AuthConfig { cookie_file: path.clone(), ..AuthConfig::default() }).unwrap();
        let cookie = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(cookie.starts_with("__cookie__:") && cookie.len() == 11 + 64);
        assert!(auth.user(&header(&cookie)).is_some());
        drop(auth);
        assert!(!path.exists());
        fs::create_dir(dir.path().join(".cookie.tmp")).unwrap();
        assert!(Auth::new(&AuthConfig { cookie_file: path, ..AuthConfig::default() }).is_err());
    }

    #[test]
    fn whitelists_of_one_user_intersect() {
        let lists = whitelist(&["a:x,y,".into(), "a:y, z".into(), "b".into(), "c::x".into()]);
        assert_eq!(lists["a"], BTreeSet::from(["".to_owned(), "y".to_owned()]));
        assert!(lists["b"].is_empty());
        assert_eq!(lists["c"], BTreeSet::from([":x".to_owned()]));
    }
}
