//! What the store costs: blobs and results in and out, and opening it.

use std::hint::black_box;
use std::path::Path;

use cofferdam_cache::{Digest, Store};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Blobs of one batch.
const BLOBS: u32 = 1_000;

/// Bytes that look like a page of text: each number gives others.
fn page(number: u32, size: usize) -> Vec<u8> {
    let mut state = u64::from(number) | 1;
    let letters = b"etaoin shrdlucmfwypvbgkqjxz etaoin ";
    let letter = |state: &mut u64| {
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        letters[usize::try_from(*state >> 40).unwrap_or(0) % letters.len()]
    };
    (0..size).map(|_| letter(&mut state)).collect()
}

fn pages(size: usize) -> Vec<Vec<u8>> {
    (0..BLOBS).map(|number| page(number, size)).collect()
}

fn open(folder: &Path) -> Store {
    Store::open(folder).expect("the store opens")
}

/// Stores and commits; the digests of what was stored.
fn put(store: &Store, blobs: &[Vec<u8>]) -> Vec<Digest> {
    let mut batch = store.batch().expect("a batch");
    let digests = blobs
        .iter()
        .map(|blob| batch.put(blob).expect("stored"))
        .collect();
    batch.commit().expect("committed");
    digests
}

fn blobs(criterion: &mut Criterion) {
    for (name, size) in [("300 B", 300), ("22 KiB", 22 << 10), ("1 MiB", 1 << 20)] {
        let count = if size > 1 << 16 { 20 } else { BLOBS as usize };
        let blobs = pages(size)[..count].to_vec();
        let mut group = criterion.benchmark_group(format!("blobs of {name}"));
        group
            .sample_size(20)
            .throughput(Throughput::Elements(count as u64));
        group.bench_function("put, one batch", |bencher| {
            let fresh = || tempfile::tempdir().expect("a folder");
            bencher.iter_batched_ref(
                fresh,
                |folder| put(&open(folder.path()), &blobs),
                BatchSize::PerIteration,
            );
        });
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        let digests = put(&store, &blobs);
        group.bench_function("put what is there", |bencher| {
            bencher.iter(|| put(&store, black_box(&blobs)));
        });
        group.bench_function("get", |bencher| {
            bencher.iter(|| {
                for digest in &digests {
                    black_box(store.get(digest).expect("read").expect("present"));
                }
            });
        });
        group.finish();
    }
}

fn opening(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    put(&open(folder.path()), &pages(300));
    criterion.bench_function("open a store", |bencher| {
        bencher.iter(|| open(black_box(folder.path())));
    });
}

criterion_group!(benches, blobs, opening);
criterion_main!(benches);
