//! A WASI command that does what its arguments say, one verb after the other, such as
//! `read /src/a write /out/b hello`. An unknown verb or a failed one ends it with an exit code.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::io::{Read, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let mut words = std::env::args().skip(1);
    while let Some(verb) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        if let Err(error) = act(&verb, &mut next) {
            eprintln!("{verb}: {error}");
            std::process::exit(2);
        }
    }
}

fn act(verb: &str, next: &mut dyn FnMut() -> String) -> Result<(), Box<dyn std::error::Error>> {
    match verb {
        "read" => println!("{}", fs::read_to_string(next())?),
        "write" => fs::write(next(), next())?,
        // Three files in, one out: the smallest real action.
        "join" => {
            let mut all = fs::read(next())?;
            all.extend(fs::read(next())?);
            all.extend(fs::read(next())?);
            fs::write(next(), all)?;
        }
        // Goes on where it cannot be read.
        "try" => drop(fs::read(next())),
        "repeat" => {
            let length = next().parse()?;
            fs::write(next(), "x".repeat(length))?;
        }
        "append" => {
            let mut file = fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(next())?;
            file.write_all(next().as_bytes())?;
        }
        "list" => {
            for entry in fs::read_dir(next())? {
                println!("{}", entry?.file_name().to_string_lossy());
            }
        }
        "stat" => {
            let found = fs::symlink_metadata(next())?;
            println!("{} {}", found.len(), found.is_dir());
        }
        "here" => println!("{}", std::env::current_dir()?.display()),
        "variable" => println!("{}", std::env::var(next())?),
        "variables" => println!("{}", std::env::vars().count()),
        "sleep" => std::thread::sleep(Duration::from_secs(next().parse()?)),
        "elapsed" => {
            let start = Instant::now();
            std::thread::sleep(Duration::from_secs(next().parse()?));
            println!("{}", start.elapsed().as_nanos());
        }
        "clock" => {
            let wall = SystemTime::now().duration_since(UNIX_EPOCH)?;
            println!("{}", wall.as_nanos());
        }
        "random" => println!("{:016x}", random()),
        // Leaves it, which `random` does not.
        "draw" => fs::write(next(), format!("{:016x}", random()))?,
        "stdin" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            print!("{text}");
        }
        "print" => println!("{}", next()),
        "complain" => eprintln!("{}", next()),
        "flood" => {
            let line = [b'x'; 4096];
            loop {
                std::io::stdout().write_all(&line)?;
            }
        }
        "spin" => loop {
            black_box(());
        },
        "recurse" => println!("{}", recurse(black_box(1))),
        "allocate" => {
            let bytes = vec![1_u8; next().parse()?];
            println!("{}", black_box(bytes).len());
        }
        "hoard" => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "leak" => {
            let path = next();
            loop {
                std::mem::forget(fs::File::open(&path)?);
            }
        }
        "panic" => panic!("{}", next()),
        "exit" => std::process::exit(next().parse()?),
        _ => return Err(format!("`{verb}` is no verb of the probe").into()),
    }
    Ok(())
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let pad = black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    recurse(black_box(depth + 1)) + pad[3]
}
