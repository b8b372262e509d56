//! Collection: deleting what was not used for the longest time.

use super::compact::Compaction;
use super::disk;
use super::folder::STALE;
use super::mark::{Plan, plan};
use super::{Store, StoreError};

pub use super::mark::Root;

/// What a collection has to leave.
#[derive(Clone, Debug)]
pub struct GcOptions {
    /// Bytes of packs and large blobs to keep at most; what leases protect is kept beyond it.
    pub max_size: u64,
    pub roots: Vec<Root>,
}

/// What a collection did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GcReport {
    /// Bytes of packs and large blobs; compression may have made it less still.
    pub before: u64,
    pub after: u64,
    pub results_kept: usize,
    pub results_removed: usize,
}

impl Store {
    /// Deletes what is not named by a result, a path set or a root that was used lately enough.
    ///
    /// Other processes may store and look up meanwhile. What was used within the hour before the oldest
    /// live lease began is kept; without a lease nothing is protected. One collection runs at a time.
    pub fn gc(&self, options: &GcOptions) -> Result<GcReport, StoreError> {
        let one = self.folder.lock("gc.lock")?;
        self.writer.seal(&self.folder, &self.view)?;
        self.clear_leftovers()?;
        self.refresh()?;
        let mut plan = self.plan_collection(options)?;
        if !plan.is_empty() {
            // From here on, whoever uses something old notices that it may be going away, and waits.
            // What was used before that is seen by looking once more.
            self.folder.change_generation()?;
            self.refresh()?;
            plan = self.plan_collection(options)?;
            self.execute(&plan)?;
        }
        drop(one);
        self.refresh()?;
        Ok(GcReport {
            before: plan.before,
            after: plan.after,
            results_kept: plan.results_kept,
            results_removed: plan.results_removed,
        })
    }

    fn plan_collection(&self, options: &GcOptions) -> Result<Plan, StoreError> {
        let oldest = self.folder.live_leases()?.into_iter().min();
        let cutoff = oldest.map_or(u32::MAX, |start| start.saturating_sub(STALE));
        plan(self, options.max_size, &options.roots, cutoff)
    }

    /// Results go before the large blobs that they name.
    fn execute(&self, plan: &Plan) -> Result<(), StoreError> {
        if !plan.rewrite.is_empty() {
            let mut compaction = Compaction::new(&self.folder)?;
            let mut old = Vec::with_capacity(plan.rewrite.len());
            for &number in &plan.rewrite {
                let (pack, keep) = (&plan.packs[number], &plan.keep[number]);
                for entry in pack.entries()? {
                    if let Some(time) = keep.get(&entry.offset) {
                        compaction.copy(pack, &entry, *time)?;
                    }
                }
                old.push(pack.clone());
            }
            compaction.replace(&old)?;
        }
        plan.delete
            .iter()
            .try_for_each(|file| disk::remove(&file.path))
    }

    /// Deletes what processes that died left behind: temporary files, and indexes without a pack.
    pub(super) fn clear_leftovers(&self) -> Result<(), StoreError> {
        self.folder.clear_temporary()?;
        let _exchange = self.folder.lock("packs.lock")?;
        let (packs, indexes) = self.folder.list_packs()?;
        for id in indexes {
            if packs.binary_search(&id).is_err() {
                disk::remove(&self.folder.index(id))?;
            }
        }
        Ok(())
    }
}
