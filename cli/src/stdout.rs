//! Data on stdout. A reader that goes away (`| head`) is no error; a full disk is.

use std::io::{self, ErrorKind, Write};

use cofferdam_runtime::Error;

/// Collects the first fault instead of raising it, so that printing needs no handling at each place.
pub struct Stdout {
    out: Box<dyn Write + Send>,
    fault: Option<io::Error>,
}

impl Stdout {
    /// Written whenever a line ends.
    pub fn new() -> Stdout {
        Stdout::to(Box::new(io::stdout()))
    }

    pub fn to(out: Box<dyn Write + Send>) -> Stdout {
        Stdout { out, fault: None }
    }

    pub fn print(&mut self, text: &str) {
        if self.fault.is_none() {
            self.fault = self.out.write_all(text.as_bytes()).err();
        }
    }

    pub fn close(&mut self) -> Result<(), Error> {
        if self.fault.is_none() {
            self.fault = self.out.flush().err();
        }
        match &self.fault {
            Some(fault) if fault.kind() != ErrorKind::BrokenPipe => {
                Err(Error::environment("cannot write to stdout").cause(fault))
            }
            _ => Ok(()),
        }
    }
}

/// Prints all of a command's data.
pub fn print(text: &str) -> Result<(), Vec<Error>> {
    let mut out = Stdout::new();
    out.print(text);
    out.close().map_err(|error| vec![error])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_may_go_but_a_disk_must_not_be_full() {
        for (kind, good) in [
            (ErrorKind::BrokenPipe, true),
            (ErrorKind::StorageFull, false),
        ] {
            let mut out = Stdout::to(Box::new(Broken(kind)));
            out.print("text");
            out.print("more");
            assert_eq!(out.close().is_ok(), good);
        }
    }
}
