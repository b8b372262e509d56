//! Temporary.
use crate::*;
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(String);
type R<T> = Result<T, StoreError>;
fn e(x: std::io::Error) -> StoreError {
    StoreError(x.to_string())
}
pub struct Lease;
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ActionResult {
    pub output: Option<Digest>,
    pub layers: Vec<(String, Digest)>,
    pub stdout: Digest,
    pub stderr: Digest,
    pub log: Digest,
    pub exit_code: u8,
    pub extra: Vec<u8>,
    pub blobs: Vec<Digest>,
}
#[derive(Default)]
struct Inner {
    blobs: HashMap<Digest, Arc<[u8]>>,
    results: HashMap<Key, ActionResult>,
    sets: HashMap<Key, Vec<Digest>>,
}
pub struct Store {
    dir: PathBuf,
    file: Mutex<File>,
    inner: Mutex<Inner>,
}
pub struct Batch<'a> {
    store: &'a Store,
    out: Vec<u8>,
}
fn rec(out: &mut Vec<u8>, kind: u8, key: &[u8; 32], body: &[u8]) {
    out.push(kind);
    out.extend_from_slice(key);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
}
fn enc(r: &ActionResult) -> Vec<u8> {
    let mut o = vec![];
    let d = |o: &mut Vec<u8>, d: &Digest| {
        o.extend_from_slice(&d.hash);
        o.extend_from_slice(&d.size.to_le_bytes());
    };
    o.push(r.output.is_some() as u8);
    d(&mut o, &r.output.unwrap_or_default());
    o.push(r.layers.len() as u8);
    for (_, l) in &r.layers {
        d(&mut o, l);
    }
    d(&mut o, &r.stdout);
    d(&mut o, &r.stderr);
    d(&mut o, &r.log);
    o.push(r.exit_code);
    o.extend_from_slice(&r.extra);
    o
}
fn dec(mut b: &[u8]) -> ActionResult {
    fn d(b: &mut &[u8]) -> Digest {
        let hash = b[..32].try_into().unwrap();
        let size = u64::from_le_bytes(b[32..40].try_into().unwrap());
        *b = &b[40..];
        Digest { hash, size }
    }
    let has = b[0] == 1;
    b = &b[1..];
    let out = d(&mut b);
    let n = b[0];
    b = &b[1..];
    let layers = (0..n).map(|_| ("build".to_owned(), d(&mut b))).collect();
    let stdout = d(&mut b);
    let stderr = d(&mut b);
    let log = d(&mut b);
    ActionResult {
        output: has.then_some(out),
        layers,
        stdout,
        stderr,
        log,
        exit_code: b[0],
        extra: b[1..].to_vec(),
        blobs: vec![],
    }
}
impl Store {
    pub fn open(dir: &Path) -> R<Store> {
        std::fs::create_dir_all(dir.join("code")).map_err(e)?;
        let path = dir.join("pack");
        let mut all = vec![];
        if let Ok(mut f) = File::open(&path) {
            f.read_to_end(&mut all).map_err(e)?;
        }
        let mut inner = Inner::default();
        let mut at = 0;
        while at + 37 <= all.len() {
            let kind = all[at];
            let key: [u8; 32] = all[at + 1..at + 33].try_into().unwrap();
            let len = u32::from_le_bytes(all[at + 33..at + 37].try_into().unwrap()) as usize;
            let body = &all[at + 37..at + 37 + len];
            match kind {
                1 => {
                    inner.blobs.insert(
                        Digest {
                            hash: key,
                            size: len as u64,
                        },
                        body.into(),
                    );
                }
                2 => {
                    inner.results.insert(Key(key), dec(body));
                }
                _ => inner.sets.entry(Key(key)).or_default().insert(
                    0,
                    Digest {
                        hash: body[..32].try_into().unwrap(),
                        size: u64::from_le_bytes(body[32..].try_into().unwrap()),
                    },
                ),
            }
            at += 37 + len;
        }
        let file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .map_err(e)?;
        Ok(Store {
            dir: dir.to_owned(),
            file: Mutex::new(file),
            inner: Mutex::new(inner),
        })
    }
    pub fn get(&self, d: &Digest) -> R<Option<Arc<[u8]>>> {
        if d.size == 0 {
            return Ok(Some(Arc::from([])));
        }
        Ok(self.inner.lock().unwrap().blobs.get(d).cloned())
    }
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            store: self,
            out: vec![],
        }
    }
    pub fn result(&self, k: &Key) -> R<Option<ActionResult>> {
        Ok(self.inner.lock().unwrap().results.get(k).cloned())
    }
    pub fn complete(&self, _: &ActionResult) -> bool {
        true
    }
    pub fn path_sets(&self, k: &Key) -> R<Vec<Digest>> {
        Ok(self
            .inner
            .lock()
            .unwrap()
            .sets
            .get(k)
            .cloned()
            .unwrap_or_default())
    }
    pub fn generation(&self) -> u64 {
        1
    }
    pub fn generation_at(_: &Path) -> Option<u64> {
        Some(1)
    }
    pub fn lease(&self) -> R<Lease> {
        Ok(Lease)
    }
    pub fn sync(&self) -> R<()> {
        Ok(())
    }
    pub fn code_dir(&self) -> PathBuf {
        self.dir.join("code")
    }
}
impl Batch<'_> {
    pub fn put(&mut self, b: &[u8]) -> R<Digest> {
        let d = Digest::of(b);
        if b.is_empty() {
            return Ok(d);
        }
        let mut i = self.store.inner.lock().unwrap();
        if i.blobs.insert(d, b.into()).is_none() {
            rec(&mut self.out, 1, &d.hash, b);
        }
        Ok(d)
    }
    pub fn put_result(&mut self, k: Key, r: &ActionResult) -> R<Option<ActionResult>> {
        let mut i = self.store.inner.lock().unwrap();
        if let Some(old) = i.results.get(&k) {
            return Ok(Some(old.clone()));
        }
        i.results.insert(k, r.clone());
        rec(&mut self.out, 2, &k.0, &enc(r));
        Ok(None)
    }
    pub fn put_path_set(&mut self, k: Key, d: Digest) -> R<()> {
        self.store
            .inner
            .lock()
            .unwrap()
            .sets
            .entry(k)
            .or_default()
            .insert(0, d);
        let mut b = d.hash.to_vec();
        b.extend_from_slice(&d.size.to_le_bytes());
        rec(&mut self.out, 3, &k.0, &b);
        Ok(())
    }
    pub fn commit(self) -> R<()> {
        self.store
            .file
            .lock()
            .unwrap()
            .write_all(&self.out)
            .map_err(e)
    }
}
