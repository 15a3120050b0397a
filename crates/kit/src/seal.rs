//! Sealing of small values at rest: AES-256-GCM-SIV under a ring of master keys.
//!
//! A sealed value is `1 | key id (8) | nonce (12) | ciphertext | tag (16)`. It is bound to the
//! place where it is stored (the caller's text, authenticated with it), so that rows cannot be
//! swapped. Nonces are random; the SIV mode stays safe should one repeat.
//!
//! The key file has one key a line, 64 hexadecimal digits, the newest first; `#` begins a
//! comment. The newest seals, every key opens, so a new key is added in front and the old one
//! removed when nothing is sealed with it any more.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hmac, rand};
use thiserror::Error;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const ID_LEN: usize = 8;
const HEAD_LEN: usize = 1 + ID_LEN + NONCE_LEN;
const KEY_LEN: usize = 32;
/// Most keys of a ring.
const KEYS_MAX: usize = 16;

/// Why something could not be sealed or opened. No variant holds a key or a value.
#[derive(Debug, Error)]
pub enum SealError {
    /// The key text is not keys.
    #[error(
        "line {line} of the master keys is no key: write 64 hexadecimal digits, one key a line, the newest first"
    )]
    NoKey { line: usize },
    /// There is none, or there are too many.
    #[error("there must be 1 to {KEYS_MAX} master keys, there are {0}")]
    Count(usize),
    /// The file cannot be read or written.
    #[error("the master key file {path}")]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is open to others.
    #[error("the master key file {path} can be read by others (mode {mode:o}): run chmod 600 {path}")]
    Open { path: PathBuf, mode: u32 },
    /// The keys come from a setting, which this process cannot change.
    #[error("the master keys come from the setting `secrets.keys`: add a new one in front of it and restart")]
    Fixed,
    /// Sealed with a key that the ring does not have.
    #[error("sealed with the master key {0}, which is not in the ring: put it back, behind the newest")]
    UnknownKey(KeyId),
    /// Not what was sealed here: damaged, or moved from another place.
    #[error("the sealed value is damaged, or belongs to another place")]
    Damaged,
    /// The operating system gave no randomness.
    #[error("no random numbers")]
    NoRandom,
}

/// Names a key without telling it: the first 8 bytes of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; ID_LEN]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_LEN]>,
    aead: RandomizedNonceKey,
}

impl Key {
    fn new(bytes: Zeroizing<[u8; KEY_LEN]>) -> Result<Self, SealError> {
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&digest::digest(&digest::SHA256, &bytes[..]).as_ref()[..ID_LEN]);
        let aead = RandomizedNonceKey::new(&AES_256_GCM_SIV, &bytes[..]).map_err(|_| SealError::NoRandom)?;
        Ok(Self { id: KeyId(id), bytes, aead })
    }

    /// The key that signs for a purpose. Made from the master key, never that itself.
    fn signer(&self, purpose: &str) -> hmac::Key {
        let master = hmac::Key::new(hmac::HMAC_SHA256, &self.bytes[..]);
        let derived = hmac::sign(&master, format!("nova sign\n{purpose}").as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
    }

    fn random() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(&mut bytes[..]).map_err(|_| SealError::NoRandom)?;
        Self::new(bytes)
    }
}

/// Master keys, the newest first.
pub struct KeyRing(Vec<Arc<Key>>);

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| key.id)).finish()
    }
}

impl KeyRing {
    /// One new random key.
    pub fn random() -> Result<Self, SealError> {
        Ok(Self(vec![Arc::new(Key::random()?)]))
    }

    /// Reads keys, one a line or separated by commas.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            for word in line.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let bytes = key_bytes(word).ok_or(SealError::NoKey { line: index + 1 })?;
                keys.push(Arc::new(Key::new(bytes)?));
            }
        }
        match keys.len() {
            1..=KEYS_MAX => Ok(Self(keys)),
            count => Err(SealError::Count(count)),
        }
    }

    /// The key that seals.
    pub fn newest(&self) -> KeyId {
        self.0[0].id
    }

    /// Every key of the ring, the newest first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.iter().map(|key| key.id).collect()
    }

    /// Keys that nobody drew at random: with few different bytes, bytes that go on evenly, or text. One
    /// that was drawn looks so less than once in 10^13 times.
    pub fn weak(&self) -> Vec<KeyId> {
        self.0.iter().filter(|key| is_weak(&key.bytes)).map(|key| key.id).collect()
    }

    /// Seals `plain` for `place`.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = &self.0[0];
        let mut body = plain.to_vec();
        let nonce = key
            .aead
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| SealError::NoRandom)?;
        let mut sealed = Vec::with_capacity(HEAD_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&key.id.0);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// What was sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let id = sealed_by(sealed)?;
        let key = self.0.iter().find(|key| key.id == id).ok_or(SealError::UnknownKey(id))?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed[1 + ID_LEN..HEAD_LEN])
            .map_err(|_| SealError::Damaged)?;
        let mut body = Zeroizing::new(sealed[HEAD_LEN..].to_vec());
        let length = key
            .aead
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut body)
            .map_err(|_| SealError::Damaged)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// A signature of `text` with the newest key, which is named. `purpose` keeps signatures for one
    /// thing from being good for another.
    pub fn sign(&self, purpose: &str, text: &str) -> (KeyId, Vec<u8>) {
        let key = &self.0[0];
        (key.id, hmac::sign(&key.signer(purpose), text.as_bytes()).as_ref().to_vec())
    }

    /// Whether `signature` is that of `text` with the key `id` (hex), which is still in the ring.
    pub fn is_signed(&self, purpose: &str, text: &str, id: &str, signature: &[u8]) -> bool {
        let key = self.0.iter().find(|key| key.id.to_string() == id);
        key.is_some_and(|key| hmac::verify(&key.signer(purpose), text.as_bytes(), signature).is_ok())
    }

    /// The same ring with a new key in front.
    fn with_new_key(&self) -> Result<Self, SealError> {
        if self.0.len() >= KEYS_MAX {
            return Err(SealError::Count(self.0.len() + 1));
        }
        let mut keys = vec![Arc::new(Key::random()?)];
        keys.extend(self.0.iter().cloned());
        Ok(Self(keys))
    }

    /// The newest key alone.
    fn newest_only(&self) -> Self {
        Self(vec![self.0[0].clone()])
    }

    fn text(&self) -> Zeroizing<String> {
        use std::fmt::Write as _;
        let mut text = Zeroizing::new(String::from(
            "# Master keys of Nova, the newest first. Without them the secrets in the database cannot be\n\
             # read: keep a copy apart from the database's backups.\n",
        ));
        for key in &self.0 {
            for byte in key.bytes.iter() {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        text
    }
}

/// The key with which a value was sealed.
pub fn sealed_by(sealed: &[u8]) -> Result<KeyId, SealError> {
    if sealed.len() < HEAD_LEN || sealed[0] != FORMAT {
        return Err(SealError::Damaged);
    }
    let mut id = [0; ID_LEN];
    id.copy_from_slice(&sealed[1..=ID_LEN]);
    Ok(KeyId(id))
}

fn is_weak(bytes: &[u8; KEY_LEN]) -> bool {
    let different: std::collections::BTreeSet<_> = bytes.iter().collect();
    let steps: std::collections::BTreeSet<_> =
        bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    different.len() < 16 || steps.len() == 1 || bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn key_bytes(word: &str) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    if word.len() != 2 * KEY_LEN || !word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(word.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The ring that a process uses, and where it comes from.
#[derive(Debug)]
pub struct KeyStore {
    ring: RwLock<Arc<KeyRing>>,
    file: Option<PathBuf>,
}

impl KeyStore {
    /// Keys of a setting.
    pub fn fixed(ring: KeyRing) -> Self {
        Self { ring: RwLock::new(Arc::new(ring)), file: None }
    }

    /// Keys of a file that only its owner may read; made with one random key if it is missing.
    pub fn file(path: &Path) -> Result<Self, SealError> {
        let file_error = |source| SealError::File { path: path.to_owned(), source };
        let ring = match fs::metadata(path) {
            Ok(metadata) => {
                let mode = metadata.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    return Err(SealError::Open { path: path.to_owned(), mode });
                }
                KeyRing::parse(&Zeroizing::new(fs::read_to_string(path).map_err(file_error)?))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let ring = KeyRing::random()?;
                replace(path, &ring.text()).map_err(file_error)?;
                ring
            }
            Err(error) => return Err(file_error(error)),
        };
        Ok(Self { ring: RwLock::new(Arc::new(ring)), file: Some(path.to_owned()) })
    }

    /// The ring as it is now.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a new key in front, first in the file, then in memory.
    pub fn add_key(&self) -> Result<KeyId, SealError> {
        self.change(|ring| ring.with_new_key())
    }

    /// Removes every key but the newest. Only to be called when nothing is sealed with others.
    pub fn drop_old_keys(&self) -> Result<KeyId, SealError> {
        self.change(|ring| Ok(ring.newest_only()))
    }

    fn change(&self, to: impl FnOnce(&KeyRing) -> Result<KeyRing, SealError>) -> Result<KeyId, SealError> {
        let path = self.file.as_ref().ok_or(SealError::Fixed)?;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let next = Arc::new(to(&ring)?);
        replace(path, &next.text()).map_err(|source| SealError::File { path: path.clone(), source })?;
        *ring = next;
        Ok(ring.newest())
    }
}

/// Puts `text` at `path`, whole or not at all, also when power is lost in the middle.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = path.with_extension("new");
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_text_its_purpose_and_a_key_that_is_there() {
        let ring = KeyRing::random().expect("random");
        let (id, signature) = ring.sign("a", "text");
        let id = id.to_string();
        assert!(ring.is_signed("a", "text", &id, &signature));
        assert!(ring.with_new_key().expect("room").is_signed("a", "text", &id, &signature));
        for bad in [
            ring.is_signed("b", "text", &id, &signature),
            ring.is_signed("a", "texT", &id, &signature),
            ring.is_signed("a", "text", "00", &signature),
            ring.is_signed("a", "text", &id, &signature[1..]),
            KeyRing::random().expect("random").is_signed("a", "text", &id, &signature),
        ] {
            assert!(!bad);
        }
    }

    #[test]
    fn what_was_sealed_is_opened_only_in_its_place() {
        let ring = KeyRing::random().expect("random");
        let sealed = ring.seal("a/b", b"hunter2").expect("seals");
        assert_eq!(&ring.open("a/b", &sealed).expect("opens")[..], b"hunter2");
        assert!(matches!(ring.open("a/c", &sealed), Err(SealError::Damaged)));
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert_ne!(sealed, ring.seal("a/b", b"hunter2").expect("seals"), "nonces differ");
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let ring = KeyRing::random().expect("random");
        let sealed = ring.seal("p", b"x").expect("seals");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(ring.open("p", &changed).is_err(), "byte {index}");
            assert!(ring.open("p", &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn the_newest_key_seals_and_old_ones_open() {
        let old = "0".repeat(64);
        let new = "1".repeat(64);
        let before = KeyRing::parse(&old).expect("one key");
        let sealed = before.seal("p", b"x").expect("seals");
        let both = KeyRing::parse(&format!("# comment\n{new}\n{old} # the old one\n")).expect("two keys");
        assert!(both.open("p", &sealed).is_ok());
        assert_eq!(sealed_by(&both.seal("p", b"x").expect("seals")).expect("id"), both.newest());
        let only_new = KeyRing::parse(&new).expect("one key");
        assert!(
            matches!(only_new.open("p", &sealed), Err(SealError::UnknownKey(id)) if id == before.newest())
        );
    }

    #[test]
    fn a_key_that_nobody_drew_is_known_as_weak() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let counting: Vec<u8> = (0..32).collect();
        let weak = [
            "0".repeat(64),
            "0123456789abcdef".repeat(4),
            hex(b"correct horse battery staple 123"),
            hex(&counting),
        ];
        for text in &weak {
            let ring = KeyRing::parse(text).expect("a key");
            assert_eq!(ring.weak(), [ring.newest()], "{text}");
        }
        let mixed = KeyRing::random().expect("random");
        assert!(mixed.weak().is_empty());
        let text = format!("{}\n{}", *mixed.text(), weak[0]);
        let both = KeyRing::parse(&text).expect("two keys");
        assert_eq!(both.weak(), [both.ids()[1]]);
    }

    #[test]
    fn texts_that_are_no_keys_are_refused_with_their_line() {
        for bad in ["xyz", &"g".repeat(64), &"0".repeat(63)] {
            let error = KeyRing::parse(&format!("{}\n{bad}", "0".repeat(64))).expect_err("refused");
            assert!(matches!(error, SealError::NoKey { line: 2 }), "{error}");
            assert!(!error.to_string().contains(bad), "a mistyped key must not be shown");
        }
        assert!(matches!(KeyRing::parse("# nothing\n"), Err(SealError::Count(0))));
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_only_and_keeps_its_keys() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("master.key");
        let first = KeyStore::file(&path).expect("made");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let sealed = first.ring().seal("p", b"x").expect("seals");
        first.add_key().expect("a second key");
        let again = KeyStore::file(&path).expect("read");
        assert_eq!(again.ring().ids(), first.ring().ids());
        assert!(again.ring().open("p", &sealed).is_ok());
        again.drop_old_keys().expect("one key");
        assert!(KeyStore::file(&path).expect("read").ring().open("p", &sealed).is_err());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("master.key");
        fs::write(&path, "0".repeat(64)).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("mode");
        let error = KeyStore::file(&path).expect_err("refused");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn keys_of_a_setting_cannot_be_changed_here() {
        let store = KeyStore::fixed(KeyRing::random().expect("random"));
        assert!(matches!(store.add_key(), Err(SealError::Fixed)));
    }
}
