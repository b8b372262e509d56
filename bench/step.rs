//! One action of the graph as a plain program, for the tools that start programs: `step [--keep-equal] OUTPUT INPUT…`.
//! Built by rustc alone, statically and without unwinding, so that starting it costs as little as it can.

#[path = "graph-plugin/src/work.rs"]
mod work;

use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut paths = env::args().skip(1).peekable();
    // Tools that look at times cut off only if an equal output is left alone.
    let keep = paths.next_if(|flag| flag == "--keep-equal").is_some();
    let to = paths.next().ok_or(io::ErrorKind::InvalidInput)?;
    let inputs = paths.map(fs::read_to_string).collect::<io::Result<Vec<_>>>()?;
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let output = work::work(&inputs);
    if keep && fs::read_to_string(&to).is_ok_and(|present| present == output) {
        return Ok(());
    }
    fs::write(to, output)
}
