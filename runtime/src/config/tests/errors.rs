//! The text of every kind of error.

use super::*;
use crate::config::{Builtins, check};

/// What is told of a file that has `[project]` and these lines, which begin at line 3.
fn errors(lines: &str) -> String {
    let text = format!("[project]\nname = \"shop\"\n{lines}");
    told(&read(&text).unwrap_err())
}

#[track_caller]
fn tells(lines: &str, expected: &str) {
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    let told = errors(lines);
    let told: Vec<&str> = told.lines().map(str::trim).collect();
    assert_eq!(told.join("\n"), expected.join("\n"));
}

#[test]
fn bad_input_unknown_keys() {
    tells(
        "[actions.app]\nplugin = 'm'\nread = []\ninputs = []\nzzz = 1\n[action.b]\n",
        "
        cofferdam.toml:5:1 unknown key `read` in `[actions.app]`
            did you mean `reads`?
        cofferdam.toml:6:1 unknown key `inputs` in `[actions.app]`
            did you mean `reads`?
        cofferdam.toml:7:1 unknown key `zzz` in `[actions.app]`
            the keys are `plugin`, `run`, `reads`, `needs`, `base`, `config`, `for_each`, `writes`, `outputs`, `environment`, `grants`, `timeout`, and 3 more
        cofferdam.toml:8:2 unknown key `action` in the project file
            did you mean `actions`?
        ",
    );
    tells(
        "[actions.app]\nplugin = 'm'\ngrants = { write = ['x'] }\n",
        "
        cofferdam.toml:5:12 unknown key `write` in `grants` of `[actions.app]`
            the keys are `http`, `env`, `entropy`
        ",
    );
}

#[test]
fn bad_input_wrong_types() {
    tells(
        "[actions.a]\nrun = 'esbuild src/main.ts'\n[actions.b]\nplugin = 3\nneeds = 'app'\n\
         cache_failures = 'true'\ntimeout = 30\nmemory = '1GB'\nconfig = []\nreads = ['a', 3]\n\
         environment = { A = 1 }\nsalt = 1979-05-27\n[actions]\nc = 'x'\n",
        "
        cofferdam.toml:4:7 `run` in `[actions.a]` is a string, not a list of strings
            write `run = [\"esbuild\", \"src/main.ts\"]`
        cofferdam.toml:6:10 `plugin` in `[actions.b]` is an integer, not a string
            write `plugin = \"markdown\"`
        cofferdam.toml:7:9 `needs` in `[actions.b]` is a string, not a list of names of actions
            write `needs = [\"app\"]`
        cofferdam.toml:8:18 `cache_failures` in `[actions.b]` is a string, not `true` or `false`
            write `cache_failures = true`
        cofferdam.toml:9:11 `timeout` in `[actions.b]` is an integer, not a duration
            write `timeout = \"90s\"`
        cofferdam.toml:10:10 `1GB` is not a size, for `memory` in `[actions.b]`
            write `memory = \"512MiB\"`
            the units are `KiB`, `MiB` and `GiB`
        cofferdam.toml:11:10 `config` in `[actions.b]` is a list, not a table
            write `config = { theme = \"plain\" }`
        cofferdam.toml:12:15 item 2 of `reads` in `[actions.b]` is an integer, not a string
            write `reads = [\"docs/**\", \"!docs/drafts\"]`
        cofferdam.toml:13:21 the variable `A` of `[actions.b]` is an integer, not a string or `{ host = \"NAME\" }`
            write `A = \"…\"`
        cofferdam.toml:14:8 `salt` in `[actions.b]` is a date, not a string
            write `salt = \"2\"`
        cofferdam.toml:16:5 `[actions.c]` is a string, not a table
            write `[actions.c]` and below it `plugin = …`
        ",
    );
}

#[test]
fn bad_input_missing_keys() {
    assert_eq!(
        told(&read("").unwrap_err()),
        "cofferdam.toml:1:1 `project` is missing in the project file\n    add `project = { name = \"shop\" }`\n"
    );
    tells(
        "[actions.a]\n[deploy.x]\n",
        "
        cofferdam.toml:3:10 `[actions.a]` has neither `plugin` nor `run`
            write `plugin = \"markdown\"`, or `run = [\"TOOL\", …]` for a program of `[tools]`
        cofferdam.toml:4:9 `plugin` is missing in `[deploy.x]`
            add `plugin = \"directory\"`
        cofferdam.toml:4:9 `from` is missing in `[deploy.x]`
            add `from = \"site\"`
        ",
    );
}

#[test]
fn bad_input_names() {
    const HINT: &str = "names are made of letters, digits, `-`, `_` and `.`, and begin with a letter, a digit or `_`";
    let cases = [
        (
            "a/b",
            "`a/b` cannot name an action: `/` is reserved for paths",
        ),
        (
            "a:b",
            "`a:b` cannot name an action: `:` is reserved for actions that a planner or `for_each` makes",
        ),
        (
            "-x",
            "`-x` cannot name an action: it begins with `.` or `-`",
        ),
        ("", "the name of an action is empty"),
        (
            "\\u001b[31m",
            "`\\u{1b}[31m` cannot name an action: it has the character `\\u{1b}`",
        ),
        ("ä", "`ä` cannot name an action: it has the character `ä`"),
    ];
    for (name, message) in cases {
        tells(
            &format!("[actions.\"{name}\"]\nplugin = 'm'\n"),
            &format!("cofferdam.toml:3:10 {message}\n{HINT}"),
        );
    }
    tells(
        "[actions.all]\nplugin = 'm'\n",
        "
        cofferdam.toml:3:10 `all` cannot name an action: it is a reserved word
            take another; reserved are `all`, `none`, `self`
        ",
    );
    tells(
        "[actions.a]\nplugin = 'm'\n[actions.a]\nplugin = 'm'\n",
        "
        cofferdam.toml:5:10 `a` is written twice
            keep one of them, or name one otherwise
        ",
    );
}

#[test]
fn bad_input_needs() {
    tells(
        "[actions.a]\nplugin = 'm'\nneeds = ['b']\n[actions.b]\nplugin = 'm'\nneeds = ['c', 'bb', 'd:x']\n\
         [actions.c]\nplugin = 'm'\nbase = 'a'\n[actions.d]\nplugin = 'm'\nneeds = ['d', 'a', 'a', {as = 'x'}]\n\
         [actions.e]\nplugin = 'm'\nneeds = ['a', { action = 'b', as = 'a' }]\nbase = 'f'\n\
         [actions.f]\nplugin = 'm'\nfor_each = '*.md'\n[deploy.x]\nplugin = 'm'\nfrom = 'sites'\n",
        "
        cofferdam.toml:8:15 action `b` needs `bb`, which is no action of this project
            did you mean `b`?
        cofferdam.toml:8:21 action `b` needs `d:x`, which `d` makes only when it runs
            name `d`, whose output holds those of its actions
        cofferdam.toml:11:8 actions need one another in a circle: `a` → `b` → `c` → `a`
            leave one of these needs out, or split an action in two
        cofferdam.toml:14:10 action `d` needs itself
            leave that need out
        cofferdam.toml:14:20 two needs of `[actions.d]` have the folder `/in/a`: `a` and `a`
            leave one of them out
        cofferdam.toml:14:25 `action` is missing in a need of `[actions.d]`
            add `action = \"pages\"`
        cofferdam.toml:17:15 two needs of `[actions.e]` have the folder `/in/a`: `a` and `b`
            write `{ action = \"a\", as = \"OTHER\" }`
        cofferdam.toml:18:8 `f` cannot be the base of `e`: its `for_each` makes it many actions
            start from an action without `for_each`, or use `needs`
        cofferdam.toml:24:8 deployment `x` takes `sites`, which is no action of this project
            the actions are `a`, `b`, `c`, `d`, `e`, `f`
        ",
    );
}

#[test]
fn bad_input_folders() {
    tells(
        "[actions.a]\nplugin = 'm'\nwrites = 'dist'\n[actions.b]\nplugin = 'm'\nwrites = 'dist/'\n\
         [actions.c]\nplugin = 'm'\nwrites = 'dist/x'\nreads = ['dist/**', 'public/*', '!dist/y', '**']\n\
         [deploy.l]\nplugin = 'directory'\nfrom = 'a'\ngrants = { write = ['public', 'dist'] }\n",
        "
        cofferdam.toml:8:10 `dist` is written by action `a` and written by action `b`
            give each its own folder, or join their outputs with the plugin `merge`
        cofferdam.toml:11:10 `dist/x` is written by action `c` and lies in `dist`, which is written by action `a`
            give each its own folder, or join their outputs with the plugin `merge`
        cofferdam.toml:12:10 `dist` is written by action `a`, so `reads` cannot show it
            leave it out and add `needs = [\"a\"]`: the output is then in `/in/a`
        cofferdam.toml:12:21 `public` is changed by deployment `l`, so `reads` cannot show it
            leave it out: what is deployed is no source
        cofferdam.toml:16:10 `dist` is written by action `a` and changed by deployment `l`
            give each its own folder, or join their outputs with the plugin `merge`
        ",
    );
    let cases = [
        (
            "../x",
            "`../x` leaves its folder with `..`, so `[actions.d]` cannot write there",
        ),
        (
            "/x",
            "`/x` is an absolute path, so `[actions.d]` cannot write there",
        ),
        (
            ".",
            "`.` is the project's whole folder, so `[actions.d]` cannot write there",
        ),
        ("", "`` is empty, so `[actions.d]` cannot write there"),
    ];
    for (folder, message) in cases {
        tells(
            &format!("[actions.d]\nplugin = 'm'\nwrites = '{folder}'\n"),
            &format!(
                "cofferdam.toml:5:10 {message}\nname a folder of its own in the project: `writes = \"dist\"`"
            ),
        );
    }
    for (folder, reason) in [
        ("a/.Git/x", "`.git` belongs to version control"),
        ("cofferdam.toml", "that is the project's own"),
        ("cofferdam.lock/x", "that is the project's own"),
    ] {
        tells(
            &format!("[actions.d]\nplugin = 'm'\nwrites = '{folder}'\n"),
            &format!(
                "cofferdam.toml:5:10 `{folder}` would be written by action `d`, and {reason}\nname a folder of its own"
            ),
        );
    }
}

#[test]
fn bad_input_patterns() {
    tells(
        "[actions.a]\nplugin = 'm'\nreads = ['src/[a', '{a', 'a}', '/x', '../x', 'a**b', '', 'a//b', 'x\\', '[z-a]', '[a/b]']\nfor_each = '!x'\n",
        "
        cofferdam.toml:5:10 pattern `src/[a` has `[` without `]`
            close it, or write `\\[` for the character itself
        cofferdam.toml:5:20 pattern `{a` has `{` without `}`
            close it, or write `\\{` for the character itself
        cofferdam.toml:5:26 pattern `a}` has `}` without `{`
            open it, or write `\\}` for the character itself
        cofferdam.toml:5:32 pattern `/x` begins with `/`, and patterns start in the project's folder
            leave the first `/` out
        cofferdam.toml:5:38 pattern `../x` has `..` as a name
            write the path from the project's folder, without `.` and `..`
        cofferdam.toml:5:46 pattern `a**b` has `**` beside other characters: it must stand alone between slashes
            write `**/*.md` for such files in any folder
        cofferdam.toml:5:54 pattern `` is empty
            write `**` for everything
        cofferdam.toml:5:58 pattern `a//b` has two `/` in a row
            write one `/`, or `/**/` for any folders between
        cofferdam.toml:5:66 pattern `x\\` ends with a `\\`
            write `\\\\` for the character itself
        cofferdam.toml:5:72 pattern `[z-a]` has the range `z-a`, which runs backwards
            swap its ends
        cofferdam.toml:5:81 pattern `[a/b]` has a `/` between `[` and `]`
            write `{a/b,c}` for alternatives with a `/`
        cofferdam.toml:6:12 `for_each` in `[actions.a]` matches no file
            name the files: `for_each = \"styles/*.scss\"`
        ",
    );
    let many = "{a,b}".repeat(9);
    tells(
        &format!("[actions.a]\nplugin = 'm'\nreads = ['{many}']\n"),
        &format!(
            "cofferdam.toml:5:10 pattern `{many}` stands for more than 256 patterns\nwrite several shorter patterns"
        ),
    );
}

#[test]
fn bad_input_tools_and_plugins() {
    tells(
        "[plugins]\na = 'npm:x'\nb = 'pth:x'\nc = 'tools/x.wasm'\nd = 3\ne = 'path:'\nf = 'https://x/y'\n",
        "
        cofferdam.toml:4:5 components from `npm:` are not supported yet
            put the file into the project and write `path:FILE`; later versions will fetch it
        cofferdam.toml:5:5 `pth:x` has the unknown source `pth:`
            did you mean `path:`?
        cofferdam.toml:6:5 `tools/x.wasm` does not say where it comes from
            write `path:tools/x.wasm`, or `builtin:NAME`
        cofferdam.toml:7:5 `d` in `[plugins]` is an integer, not the source of a component
            write `d = \"path:tools/d.wasm\"`
        cofferdam.toml:8:5 `path:` names nothing after the `:`
            write `path:tools/lint.wasm` for a file, or `builtin:NAME`
        cofferdam.toml:9:5 `https://x/y` has the unknown source `https:`
            write `path:tools/lint.wasm` for a file, or `builtin:NAME`
        ",
    );
    tells(
        "[actions.b]\nrun = ['x', '{otu}', '{in.a}', '{file}', '{']\nconfig = { a = 1 }\n\
         [actions.c]\nplugin = 'x'\nrun = ['y']\n[actions.d]\nrun = []\n\
         [actions.e]\nplugin = 'x'\nfor_each = '*.md'\nconfig = { a = ['{out}'], b = nan }\n",
        "
        cofferdam.toml:4:13 `{otu}` is no placeholder
            did you mean `{out}`?
            write `{{otu}}` for the text itself
        cofferdam.toml:4:22 `{in.a}` names no need of this action
            add `a` to its `needs`
        cofferdam.toml:4:32 `{file}` has a meaning only where there is `for_each`
            add `for_each = \"src/*.ts\"`, or name the file
        cofferdam.toml:4:42 `{` has a `{` without its other half
            write `{{` for the character itself
        cofferdam.toml:5:10 `[actions.b]` has `config`, which only a plugin reads
            give a tool its settings as arguments, in `run`
        cofferdam.toml:6:10 `[actions.c]` has both `plugin` and `run`
            write `plugin = \"markdown\"`, or `run = [\"TOOL\", …]` for a program of `[tools]`
        cofferdam.toml:10:7 `run` in `[actions.d]` names no tool
            its first word is a name of `[tools]`
        cofferdam.toml:14:17 `{out}` is no placeholder
            the placeholders are `{file}`, `{stem}`, `{dir}`
            write `{{out}}` for the text itself
        cofferdam.toml:14:31 `nan` is not a finite number, and JSON has no other
            write it as a string, if the plugin takes one
        ",
    );
}

#[test]
fn bad_input_who_uses_what() {
    let text = SHOP
        .replace("\"merge\"", "\"lnit\"")
        .replace("\"esbuild\",", "\"lint\",")
        .replace("plugin = \"directory\"", "plugin = \"esbuild\"")
        .replace("path:tools/esbuild.wasm", "builtin:esbuild");
    let builtins = Builtins {
        plugins: &["markdown", "merge", "directory"],
        tools: &[],
    };
    assert_eq!(check(&read(SHOP).unwrap(), &builtins), Ok(()));
    assert_eq!(
        told(&check(&read(&text).unwrap(), &builtins).unwrap_err()),
        "cofferdam.toml:6:11 there is no built-in tool `esbuild`
    there are no built-in tools yet
cofferdam.toml:12:8 action `app` uses the tool `lint`, which is not known
    `lint` is a plugin: write `plugin = \"lint\"`
    or add it to `[tools]`: `lint = \"path:FILE.wasm\"`
cofferdam.toml:24:10 action `site` uses the plugin `lnit`, which is not known
    did you mean `lint`?
    or add it to `[plugins]`: `lnit = \"path:FILE.wasm\"`
cofferdam.toml:29:10 deployment `local` uses the plugin `esbuild`, which is not known
    `esbuild` is a tool: write `run = [\"esbuild\", …]`
    or add it to `[plugins]`: `esbuild = \"path:FILE.wasm\"`
"
    );
}

#[test]
fn bad_input_grants() {
    tells(
        "[actions.a]\nplugin = 'm'\ngrants = { http = ['example.org', 'https://a/b'], env = ['A=B'] }\n\
         [deploy.b]\nplugin = 'm'\nfrom = 'a'\ngrants = { write = ['../x'] }\n",
        "
        cofferdam.toml:5:20 `example.org` cannot be granted as `http`: it has no scheme: it begins with `https://` or `http://`
            write `http = [\"https://example.org\", \"https://example.org:8443\"]`
        cofferdam.toml:5:35 `https://a/b` cannot be granted as `http`: it has no plain host name: no path, no user, no `*`
            write `http = [\"https://example.org\", \"https://example.org:8443\"]`
        cofferdam.toml:5:58 `A=B` cannot be granted as `env`: it has a `=` or a NUL character
            write `env = [\"CI\"]`
        cofferdam.toml:9:21 `../x` cannot be granted as `write`: it leaves its folder with `..`
            write `write = [\"public\"]`
        ",
    );
}

#[test]
fn bad_input_what_is_no_text() {
    tells(
        "[actions.a]\nplugin = 'm\n[actions.b]\nx\n",
        "
        cofferdam.toml:4:12 this is not TOML: invalid literal string, expected `'`
            texts stand in quotes, lists in `[ ]`, and each `key = value` has its own line
        ",
    );
    let told = |bytes: &[u8]| told(&parse(Path::new("cofferdam.toml"), bytes).unwrap_err());
    assert_eq!(
        told(b"# \xc3\xa9\n# \xe9\n"),
        "cofferdam.toml:2:3 `cofferdam.toml` is not UTF-8: byte 0xe9\n    save the file with the encoding UTF-8\n"
    );
    assert_eq!(
        told(&[b' '; 10 << 20]),
        "cofferdam.toml:1:1 `cofferdam.toml` is 10485760 bytes long, and a file of at most 4194304 bytes is read\n    \
         let `for_each` or a planner make the actions that are alike\n"
    );
    let marked = format!("\u{feff}{SHOP}");
    assert!(parse(Path::new("f"), marked.as_bytes()).is_ok());
}

/// The first twenty, in the order of the file, and how many more.
#[test]
fn bad_input_many_errors() {
    let lines: String = (0..50).map(|n| format!("k{n} = 1\n")).collect();
    let errors = read(&format!(
        "[project]\nname = 'a'\n[actions.x]\nplugin = 'm'\n{lines}"
    ));
    let errors = errors.unwrap_err();
    assert_eq!(errors.len(), 21);
    assert_eq!(errors[20].message, "30 more errors are not shown");
    let at: Vec<_> = errors
        .iter()
        .map(|error| error.at.clone().unwrap().line)
        .collect();
    assert!(at.is_sorted());
}
