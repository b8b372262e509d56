//! What every action of the graph does, the same for each tool: folds some numbers into a page of others.

/// Numbers in an output.
const NUMBERS: u64 = 40;
const MODULUS: u64 = 1_000_003;

/// The output for the action's inputs, its own source first.
///
/// Lines that start with `#` are passed over, so changing one changes no output. Those that start with `%` are
/// repeated as `#` lines if they stand in the source: changing one changes this output, but none that is made of it.
pub fn work(inputs: &[&str]) -> String {
    let mut state = 0;
    let mut output = String::new();
    for line in inputs.iter().flat_map(|input| input.lines()) {
        if let Some(note) = line.strip_prefix('%') {
            output.push('#');
            output.push_str(note);
            output.push('\n');
        } else if !line.starts_with('#') {
            state = (state * 31 + line.parse::<u64>().unwrap_or(0)) % MODULUS;
        }
    }
    for step in 0..NUMBERS {
        state = (state * 31 + step) % MODULUS;
        output.push_str(&state.to_string());
        output.push('\n');
    }
    output
}
