//! `cache`: how much it holds, whether it is sound, making it smaller.

use std::path::Path;

use cofferdam_cache::{Stats, Store, VerifyReport};
use cofferdam_runtime::collect::collect;
use cofferdam_runtime::from_store;
use cofferdam_runtime::{Error, ErrorKind};

use crate::Outcome;
use crate::arguments::{Cache, Global};
use crate::exit::Exit;
use crate::stderr::say;
use crate::terminal::count_files;
use crate::text::{Tone, size};
use crate::{project, stdout};

/// Damaged places that are shown one by one.
const SHOWN: usize = 20;

pub fn run(global: &Global, command: &Cache) -> Outcome {
    let dir = project::cache_dir(global).map_err(|error| vec![error])?;
    let done = match command {
        Cache::Path => stdout::print(&format!("{}\n", dir.display())),
        Cache::Stats => stats(&dir),
        Cache::Verify => verify(global, &dir),
        Cache::Gc { max_size } => gc(global, &dir, *max_size),
    };
    done.map(|()| Exit::Done)
}

/// `None`: there is no cache yet, and looking at it should not make one.
fn open(dir: &Path) -> Result<Option<Store>, Vec<Error>> {
    if !dir.exists() {
        return Ok(None);
    }
    Store::open(dir)
        .map(Some)
        .map_err(|error| vec![from_store(&error)])
}

fn stats(dir: &Path) -> Result<(), Vec<Error>> {
    let stats = match open(dir)? {
        Some(store) => store.stats().map_err(|error| vec![from_store(&error)])?,
        None => Stats::default(),
    };
    stdout::print(&stats_text(dir, &stats))
}

fn stats_text(dir: &Path, stats: &Stats) -> String {
    let mut text = format!(
        "folder     {}\nstored     {}\nresults    {}\npath sets  {}\nblobs      {} in {}, {} of their own\n",
        dir.display(),
        size(stats.pack_bytes + stats.large_bytes),
        stats.results,
        stats.path_sets,
        stats.blobs,
        count_packs(stats.packs),
        count_files(stats.large),
    );
    if stats.leases > 0 {
        text.push_str(&format!("runs       {} now\n", stats.leases));
    }
    if stats.damaged > 0 {
        text.push_str(&format!(
            "damaged    {}: see `cofferdam cache verify`\n",
            stats.damaged
        ));
    }
    text
}

fn count_packs(packs: usize) -> String {
    match packs {
        1 => "1 pack".to_owned(),
        packs => format!("{packs} packs"),
    }
}

fn verify(global: &Global, dir: &Path) -> Result<(), Vec<Error>> {
    let Some(store) = open(dir)? else {
        return Ok(());
    };
    let report = store
        .verify(true)
        .map_err(|error| vec![from_store(&error)])?;
    let read = format!(
        "{}, {} records and {}",
        size(report.bytes),
        report.records,
        count_files(report.large)
    );
    say(global, Tone::Good, "Verified", &read);
    let errors = damage(&report);
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Damage is an error of the environment although it is mended: the disk may be dying.
fn damage(report: &VerifyReport) -> Vec<Error> {
    if report.damage.is_empty() {
        return Vec::new();
    }
    let places = report.damage.len();
    let message = format!(
        "the cache was damaged in {places} {}",
        if places == 1 { "place" } else { "places" }
    );
    let mut error = Error::new(ErrorKind::Environment, message);
    for damage in report.damage.iter().take(SHOWN) {
        let at = damage
            .offset
            .map(|offset| format!(" at byte {offset}"))
            .unwrap_or_default();
        error = error.cause(format!("`{}`: {}{at}", damage.file.display(), damage.what));
    }
    if places > SHOWN {
        error = error.cause(format!("and {} more", places - SHOWN));
    }
    vec![error.hint("what was damaged is taken out and will be made again; look after the disk if this comes back")]
}

fn gc(global: &Global, dir: &Path, max_size: u64) -> Result<(), Vec<Error>> {
    if !dir.exists() {
        return Ok(());
    }
    let collected = collect(dir, max_size).map_err(|error| vec![error])?;
    let report = collected.store;
    let freed = report.before.saturating_sub(report.after) + collected.code;
    let rest = format!(
        "{}: {} results deleted, {} kept in {}",
        size(freed),
        report.results_removed,
        report.results_kept,
        size(report.after)
    );
    say(global, Tone::Good, "Freed", &rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use cofferdam_cache::Damage;

    use super::*;

    #[test]
    fn stats_are_for_reading() {
        let stats = Stats {
            packs: 1,
            pack_bytes: 3 << 20,
            blobs: 212,
            results: 40,
            path_sets: 38,
            large: 1,
            large_bytes: 1 << 20,
            ..Stats::default()
        };
        insta::assert_snapshot!(stats_text(Path::new("/cache"), &stats), @"
        folder     /cache
        stored     4.0 MiB
        results    40
        path sets  38
        blobs      212 in 1 pack, 1 file of their own
        ");
    }

    #[test]
    fn damage_is_named_and_limited() {
        let mut report = VerifyReport::default();
        assert_eq!(damage(&report), []);
        let place = Damage {
            file: "packs/1".into(),
            offset: Some(64),
            what: "a blob's bytes",
        };
        report.damage = vec![place; 30];
        let errors = damage(&report);
        assert_eq!(errors[0].causes.len(), SHOWN + 1);
        assert_eq!(errors[0].causes[0], "`packs/1`: a blob's bytes at byte 64");
        assert_eq!(Exit::of(&errors), Exit::Environment);
    }
}
