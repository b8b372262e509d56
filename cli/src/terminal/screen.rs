//! Lines that stay, above lines that are drawn again and again.

use std::io::Write;

pub struct Screen {
    out: Box<dyn Write + Send>,
    /// How many rows below the lines are to be erased before anything else is written.
    drawn: usize,
}

impl Screen {
    pub fn new(out: Box<dyn Write + Send>) -> Screen {
        Screen { out, drawn: 0 }
    }

    /// Adds `lines` to what stays and draws `rows` below, with one write.
    pub fn show(&mut self, lines: &str, rows: &[String]) {
        let mut text = String::new();
        if self.drawn > 0 {
            // To the first drawn row, and erase from there.
            text.push_str(&format!("\x1b[{}F\x1b[J", self.drawn));
        }
        text.push_str(lines);
        if !rows.is_empty() {
            // Without wrapping: a row is a row even if the terminal is narrower than it said.
            text.push_str("\x1b[?7l");
            for row in rows {
                text.push_str(row);
                text.push('\n');
            }
            text.push_str("\x1b[?7h");
        }
        self.drawn = rows.len();
        // Nobody can be told that stderr is closed.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

/// Columns and rows of the terminal.
pub fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or((80, 24), |(columns, rows)| {
        (usize::from(columns.0), usize::from(rows.0))
    })
}
