//! How wasmtime is set up. Everything here that a guest could notice is part of the sandbox's semantics:
//! a change to it makes old results wrong, and so needs a new `sandbox::SEMANTICS`.

use std::sync::OnceLock;

use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    ResourceLimiter, Strategy, WasmBacktraceDetails,
};

use super::guest::{Ending, Guest};
use super::interrupt::Watch;
use super::wasi;
use crate::Error;

/// Bytes of native stack that a guest may use. The threads that run guests need twice as much:
/// what Rust gives a thread.
const STACK: usize = 1 << 20;

/// Elements of a table. esbuild's has 16,000.
const TABLE_ELEMENTS: usize = 1 << 20;

/// How many guests may run in the pool at a time; more run outside of it.
const POOLED: u32 = 64;

/// Bytes of a guest's memory that a slot of the pool keeps, and clears by hand, for the next guest:
/// cheaper than giving pages back to the system and faulting them in again.
const KEPT: usize = 4 << 20;
/// How many slots keep pages for components that may run again: with `KEPT`, what the pool may cost at rest.
const WARM: u32 = 16;
/// The same where the system cannot tell which pages were touched: all of these are cleared.
const KEPT_BLINDLY: usize = 64 << 10;

/// Bytes that a guest may pass to the host in one call.
pub(super) const PER_CALL: usize = 128 << 20;

/// An engine with everything that belongs to it.
pub(super) struct Machine {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Guest>,
    pub(super) watch: Watch,
}

/// The engines, made when first needed: a run in which nothing executes makes none.
#[derive(Default)]
pub(super) struct Machines {
    pooled: OnceLock<Option<Machine>>,
    roomy: OnceLock<Result<Machine, String>>,
}

impl Machines {
    #[cfg(test)]
    pub(super) fn exist(&self) -> bool {
        self.pooled.get().is_some() || self.roomy.get().is_some()
    }

    /// Takes memory from a pool: cheap to start, but with limits of its own. `None` where the system
    /// does not give enough address space.
    pub(super) fn pooled(&self) -> Option<&Machine> {
        self.pooled
            .get_or_init(|| Machine::new(&config(Some(pool()))).ok())
            .as_ref()
    }

    /// Takes memory from the system each time: for components that do not fit the pool and for more guests
    /// than it has room for. It runs the same compiled code.
    pub(super) fn roomy(&self) -> Result<&Machine, Error> {
        self.roomy
            .get_or_init(|| Machine::new(&config(None)).map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|cause| Error::environment("cannot set up the sandbox").cause(cause))
    }
}

impl Machine {
    fn new(config: &Config) -> wasmtime::Result<Machine> {
        let engine = Engine::new(config)?;
        let mut linker = Linker::new(&engine);
        wasi::link(&mut linker)?;
        let watch = Watch::new(engine.clone());
        Ok(Machine {
            engine,
            linker,
            watch,
        })
    }
}

fn config(pool: Option<PoolingAllocationConfig>) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        // The same results on any machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .max_wasm_stack(STACK)
        // Guests are called and call synchronously.
        .concurrency_support(false)
        .epoch_interruption(true)
        // With lines of source each trap would cost milliseconds: all debug information would be read.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .native_unwind_info(false)
        .memory_init_cow(true);
    config.allocation_strategy(match pool {
        Some(pool) => InstanceAllocationStrategy::Pooling(pool),
        None => InstanceAllocationStrategy::OnDemand,
    });
    config
}

fn pool() -> PoolingAllocationConfig {
    // Knowing which pages a guest touched is what makes it cheap to keep many.
    let scans = PoolingAllocationConfig::is_pagemap_scan_available();
    let kept = if scans { KEPT } else { KEPT_BLINDLY };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOLED)
        .total_core_instances(POOLED * 8)
        .total_memories(POOLED * 2)
        .total_tables(POOLED * 4)
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_memories_per_module(4)
        .max_tables_per_module(8)
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        .max_memory_size(4 << 30)
        .table_elements(TABLE_ELEMENTS)
        .max_unused_warm_slots(WARM)
        .linear_memory_keep_resident(kept)
        .table_keep_resident(kept)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Counts a guest's linear memory.
pub(super) struct MemoryUse {
    /// Bytes, all memories together.
    pub(super) used: u64,
    pub(super) limit: u64,
    /// What the last growth added.
    last: u64,
}

impl MemoryUse {
    pub(super) fn new(limit: u64) -> MemoryUse {
        MemoryUse {
            used: 0,
            limit,
            last: 0,
        }
    }
}

impl ResourceLimiter for MemoryUse {
    /// Growing beyond the limit ends the guest: what it would do without the memory is of no use to anybody.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.last = (desired - current) as u64;
        if self.used + self.last > self.limit {
            return Err(Ending::OutOfMemory.into());
        }
        self.used += self.last;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.used -= self.last;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}
