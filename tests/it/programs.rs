//! Programs of others accept what we make. `cargo xtask test --all` gets them and says which folder they are in;
//! without a program its test has nothing to ask.

use std::path::PathBuf;
use std::process::Command;

use crate::fixture::{Project, Tree, tree};

const VARIABLE: &str = "COFFERDAM_TEST_PROGRAMS";

fn program(name: &str) -> Option<Command> {
    let found = std::env::var_os(VARIABLE).map(|folder| PathBuf::from(folder).join(name));
    let found = found.filter(|path| path.exists());
    if found.is_none() {
        eprintln!("`{name}` is not there to be asked");
    }
    found.map(Command::new)
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Two layers with files, programs, links and folders, and an image of them.
fn image(compression: &str) -> Project {
    let project = Project::new(&format!(
        r#"
[actions.lower]
plugin = "scripted"
config = {{ silent = true, steps = ["write /out/etc/motd hello", "write /out/bin/tool T", "make-program /out/bin/tool", "folder /out/empty"] }}

[actions.upper]
plugin = "scripted"
config = {{ silent = true, steps = ["write /out/etc/issue upper", "symlink tool /out/bin/link"] }}

[actions.image]
plugin = "oci-image"
needs  = ["lower", "upper"]
config = {{ layers = ["lower", "upper"], compression = "{compression}", tag = "v1", cmd = ["/bin/tool"], labels = {{ made = "here" }} }}
writes = "image"

[actions.both]
plugin = "merge"
needs  = ["lower", "upper"]
writes = "both"
"#
    ));
    project.run().good();
    project
}

#[test]
fn skopeo_copies_and_reads_images() {
    for compression in ["gzip", "zstd", "none"] {
        let Some(mut copy) = program("skopeo") else {
            return;
        };
        let project = image(compression);
        let from = format!("oci:{}:v1", project.path("image").display());
        let to = project.outside().join("copy");
        // Copying reads every blob and compares it with its digest.
        copy.args(["--insecure-policy", "copy", &from])
            .arg(format!("dir:{}", to.display()));
        succeed(&mut copy);
        assert!(to.join("manifest.json").is_file());

        let Some(mut inspect) = program("skopeo") else {
            return;
        };
        let said = succeed(inspect.args(["inspect", "--config", &from]));
        let config: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(config["config"]["Cmd"], serde_json::json!(["/bin/tool"]));
        assert_eq!(config["config"]["Labels"]["made"], "here");
        assert_eq!(
            config["rootfs"]["diff_ids"].as_array().map(Vec::len),
            Some(2)
        );
    }
}

#[test]
fn umoci_unpacks_the_same_tree() {
    let Some(mut unpack) = program("umoci") else {
        return;
    };
    let project = image("gzip");
    let bundle = project.outside().join("bundle");
    unpack.args(["unpack", "--rootless", "--image"]);
    unpack
        .arg(format!("{}:v1", project.path("image").display()))
        .arg(&bundle);
    succeed(&mut unpack);
    let unpacked: Tree = tree(&bundle.join("rootfs"));
    assert_eq!(
        unpacked.get("bin/link").map(String::as_str),
        Some("link tool")
    );
    assert_eq!(unpacked, tree(&project.path("both")));
}
