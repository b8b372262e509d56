//! Folders that somebody swaps for links to the outside, and back, while a run works on them.

use std::fs;
use std::os::unix::fs::symlink;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::escapes::{SECRET, guarded, scripted};
use crate::fixture::{Project, tree};

/// Outside of the project: a file, and a link.
fn away(project: &Project) -> PathBuf {
    let away = project.outside().join("away");
    fs::create_dir(&away).expect("a folder");
    fs::write(away.join("f"), SECRET).expect("a file");
    symlink(SECRET, away.join("l")).expect("a link");
    away
}

/// While `work` goes on, `name` is by turns the folder that it was and a link to `away`.
fn swapping<T>(name: &Path, away: &Path, work: impl FnOnce() -> T) -> T {
    let (real, evil) = (name.with_extension("real"), name.with_extension("evil"));
    symlink(away, &evil).expect("a link");
    let done = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = fs::rename(name, &real);
                let _ = fs::rename(&evil, name);
                let _ = fs::rename(name, &evil);
                let _ = fs::rename(&real, name);
            }
        });
        let result = catch_unwind(AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        result
    });
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

#[test]
fn escape_by_a_link_that_is_swapped_in_among_the_inputs() {
    let project = guarded("");
    project.write("d/f", "harmless");
    project.symlink("harmless", "d/l");
    let away = away(&project);
    let mut good = 0;
    swapping(&project.path("d"), &away, || {
        for round in 0..400 {
            // One look for each run: a run in which two of them disagree leaves nothing.
            let step = ["read /src/d/f", "link /src/d/l", "copy /src/d/f /out/f"][round % 3];
            project.configure(&scripted(&[step.to_owned()]));
            // That it cannot tell what is there is no escape.
            let ran = project.run_with(|options| options.force = true);
            good += usize::from(ran.result.is_ok());
            let left = format!("{:?} {:?}", tree(&project.path("out")), ran.result);
            assert!(!left.contains(SECRET), "{left}");
        }
    });
    assert!(good > 0, "no run saw anything");
}

#[test]
fn escape_by_a_link_that_is_swapped_in_among_the_outputs() {
    let project = guarded("");
    project.write("out/d/mine", "M");
    let away = away(&project);
    let before = tree(&away);
    let mut good = 0;
    swapping(&project.path("out/d"), &away, || {
        for round in 0..300 {
            let steps = [
                format!("write /out/d/f {round}"),
                format!("write /out/d/n{round} X"),
                format!("symlink {round} /out/d/l"),
            ];
            project.configure(&scripted(&steps));
            good += usize::from(project.run().result.is_ok());
            assert_eq!(tree(&away), before);
        }
    });
    assert!(good > 0, "no run wrote anything");
}

#[test]
fn escape_by_a_link_that_is_swapped_in_during_a_deployment() {
    let mut steps = Vec::new();
    for number in 0..150 {
        steps.push(format!("append {{root}}/d/w{} X", number % 5));
        steps.push("read {root}/d/f".to_owned());
        steps.push("link {root}/d/l".to_owned());
        steps.push("list {root}/d".to_owned());
        steps.push(format!("rename {{root}}/mine {{root}}/d/m{number}"));
        steps.push(format!("remove {{root}}/d/w{}", number % 5));
        steps.push("remove {root}/d/f".to_owned());
        steps.push("symlink x {root}/d/new".to_owned());
        steps.push("remove-all {root}/d/new".to_owned());
    }
    let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
    let project = guarded(&format!(
        "[actions.a]\nplugin = \"scripted\"\nconfig = {{ steps = [] }}\n[deploy.local]\nplugin = \"deployer\"\nfrom = \"a\"\n\
         config = {{ steps = [{}] }}\ngrants = {{ write = [\"public\"] }}\n",
        steps.join(", ")
    ));
    project.write("public/d/mine", "M");
    let away = away(&project);
    let before = tree(&away);
    // It must get in where it may, or the test would be of nothing.
    let wrote = |detail: &String| detail.starts_with("append") && detail.ends_with("X: \n");
    let mut got_in = false;
    swapping(&project.path("public/d"), &away, || {
        for round in 0..100 {
            let changes = project.deploy("local").into_iter();
            let told: Vec<String> = changes.map(|change| change.detail).collect();
            assert!(!told.concat().contains(SECRET), "{told:?}");
            got_in |= told.iter().any(wrote);
            if got_in && round > 0 {
                break;
            }
        }
    });
    assert!(got_in, "no step wrote anything");
    assert_eq!(tree(&away), before);
}
