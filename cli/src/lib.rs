use cofferdam_runtime::*;
mod builtins {
    use cofferdam_runtime;
    include!(concat!(env!("OUT_DIR"), "/builtins.rs"));
}
pub fn main() {
    let args: Vec<String> = std::env::args().collect();
    let open = OpenOptions {
        folder: args[1].clone().into(),
        cache_dir: args[2].clone().into(),
        builtins: builtins::BUILTINS,
        host_environment: Box::new(|n| std::env::var(n).ok()),
        binary: [1; 32],
    };
    let events: Events = if args.len() > 4 {
        std::sync::Arc::new(|_| {})
    } else {
        std::sync::Arc::new(|e| eprintln!("{e:?}"))
    };
    let options = RunOptions {
        jobs: args.get(3).map_or(2, |j| j.parse().unwrap()),
        ..RunOptions::default()
    };
    match run(&open, &options, &Cancel::default(), &events) {
        Ok(s) => eprintln!("{s:?}"),
        Err(errors) => {
            for e in errors {
                eprintln!("{e:?}");
            }
            std::process::exit(1)
        }
    }
}
