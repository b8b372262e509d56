//! Every key of the project file, once: the parser takes from here what it knows, the JSON Schema what it allows,
//! the reference what it tells.

/// What a key holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holds {
    Text,
    Flag,
    /// `30s`
    Duration,
    /// `512MiB`
    Size,
    /// Any table; its meaning is the plugin's.
    Config,
    Texts,
    /// One or more patterns over the project's folder.
    Pattern,
    Patterns,
    /// Names of actions, or tables of this section.
    Needs,
    /// Names to texts or tables of the section [`ENVIRONMENT`].
    Environment,
    /// One table of this section.
    Section(&'static Section),
    /// Names to tables of this section.
    Named(&'static Section),
    /// Names to sources of components.
    Sources,
}

/// One key of a table.
#[derive(PartialEq, Eq, Debug)]
pub struct Key {
    pub name: &'static str,
    pub holds: Holds,
    /// What is so without it; `None` where it must be there.
    pub default: Option<&'static str>,
    pub about: &'static str,
    /// The value, in TOML.
    pub example: &'static str,
    /// What other tools call it.
    pub also: &'static [&'static str],
}

/// One kind of table.
#[derive(PartialEq, Eq, Debug)]
pub struct Section {
    /// Unique, for the JSON Schema.
    pub id: &'static str,
    /// As its header is written, `NAME` for a name of the user's.
    pub title: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

impl Section {
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Every section, in the order of the reference.
pub static SECTIONS: [&Section; 8] = [
    &PROJECT_FILE,
    &PROJECT,
    &ACTION,
    &NEED,
    &ENVIRONMENT,
    &ACTION_GRANTS,
    &DEPLOY,
    &DEPLOY_GRANTS,
];

pub static PROJECT_FILE: Section = Section {
    id: "file",
    title: "cofferdam.toml",
    about: "The whole file.",
    keys: &[
        Key {
            name: "project",
            holds: Holds::Section(&PROJECT),
            default: None,
            about: "What the project is.",
            example: r#"{ name = "shop" }"#,
            also: &["package", "workspace"],
        },
        Key {
            name: "tools",
            holds: Holds::Sources,
            default: Some("no tools"),
            about: "WASI programs that `run` starts, by the name that is their first argument.",
            example: r#"{ esbuild = "path:tools/esbuild.wasm" }"#,
            also: &["tool"],
        },
        Key {
            name: "plugins",
            holds: Holds::Sources,
            default: Some("the built-in plugins"),
            about: "Components that implement the contract, by the name that `plugin` uses. An entry stands before a built-in plugin of the same name.",
            example: r#"{ lint = "path:tools/lint.wasm" }"#,
            also: &["plugin"],
        },
        Key {
            name: "actions",
            holds: Holds::Named(&ACTION),
            default: Some("no actions"),
            about: "What is to be done.",
            example: r#"{ pages = { plugin = "markdown", reads = ["docs/**"] } }"#,
            also: &["action", "tasks", "targets", "scripts"],
        },
        Key {
            name: "deploy",
            holds: Holds::Named(&DEPLOY),
            default: Some("no deployments"),
            about: "Where results go, for `cofferdam deploy NAME`.",
            example: r#"{ local = { plugin = "directory", from = "site", grants = { write = ["public"] } } }"#,
            also: &["deploys", "deployments"],
        },
    ],
};
pub static PROJECT: Section = Section {
    id: "project",
    title: "[project]",
    about: "What the project is.",
    keys: &[Key {
        name: "name",
        holds: Holds::Text,
        default: None,
        about: "Names the project in the cache and in reports. Letters, digits, `-`, `_` and `.`.",
        example: r#""shop""#,
        also: &["title"],
    }],
};
pub static ACTION: Section = Section {
    id: "action",
    title: "[actions.NAME]",
    about: "One action, made by a plugin (`plugin`) or a tool (`run`).",
    keys: &[
        Key {
            name: "plugin",
            holds: Holds::Text,
            default: Some("set where `run` is not"),
            about: "The plugin that does it: a name of `[plugins]`, or a built-in one.",
            example: r#""markdown""#,
            also: &["uses", "use"],
        },
        Key {
            name: "run",
            holds: Holds::Texts,
            default: Some("set where `plugin` is not"),
            about: "A list of arguments, never a shell line; the first names a tool. See placeholders below.",
            example: r#"["esbuild", "src/main.ts", "--outfile={out}/app.js"]"#,
            also: &["command", "cmd", "script", "exec", "args"],
        },
        Key {
            name: "reads",
            holds: Holds::Patterns,
            default: Some("everything but `.git`, `.env*` and written folders"),
            about: "What of the project it can see, at `/src` and in `/build`. It limits sight and declares nothing: only what is really read counts. See patterns below.",
            example: r#"["docs/**", "!docs/drafts"]"#,
            also: &["inputs", "input", "sources", "srcs", "files", "include"],
        },
        Key {
            name: "needs",
            holds: Holds::Needs,
            default: Some("nothing"),
            about: "Actions whose outputs it is shown, each in the folder `/in/NAME`.",
            example: r#"["app", { action = "pages", as = "html" }]"#,
            also: &["deps", "dependencies", "depends_on", "dependsOn", "after"],
        },
        Key {
            name: "base",
            holds: Holds::Text,
            default: Some("none"),
            about: "The action from whose working tree `/build` starts; what this one writes there is the next layer.",
            example: r#""dependencies""#,
            also: &["from", "extends"],
        },
        Key {
            name: "config",
            holds: Holds::Config,
            default: Some("{}"),
            about: "Settings for the plugin, as its schema says.",
            example: r#"{ theme = "plain" }"#,
            also: &["options", "settings", "with"],
        },
        Key {
            name: "for_each",
            holds: Holds::Pattern,
            default: Some("once"),
            about: "Makes one action of each file that matches, called `NAME:FILE`; it fills `{file}`, `{stem}` and `{dir}` in `run` and in the texts of `config`.",
            example: r#""styles/*.scss""#,
            also: &["foreach", "forEach", "matrix", "glob"],
        },
        Key {
            name: "writes",
            holds: Holds::Text,
            default: Some("the result stays in the cache"),
            about: "The folder of the project in which its output is written. All in it is the action's.",
            example: r#""dist""#,
            also: &["output", "dest", "destination", "target", "outdir"],
        },
        Key {
            name: "outputs",
            holds: Holds::Texts,
            default: Some("nothing is demanded"),
            about: "Files or folders below `/out` that it must leave, or it has failed.",
            example: r#"["app.js"]"#,
            also: &["produces"],
        },
        Key {
            name: "environment",
            holds: Holds::Environment,
            default: Some("empty"),
            about: "Its environment variables, all of them.",
            example: r#"{ MODE = "production", CI = { host = "CI" } }"#,
            also: &["env"],
        },
        Key {
            name: "grants",
            holds: Holds::Section(&ACTION_GRANTS),
            default: Some("nothing"),
            about: "What its plugin or tool may do besides reading its inputs and writing its output.",
            example: r#"{ http = ["https://example.org"] }"#,
            also: &["permissions", "allow", "capabilities", "grant"],
        },
        Key {
            name: "timeout",
            holds: Holds::Duration,
            default: Some("none"),
            about: "How long one execution may take: `ms`, `s`, `m` or `h`.",
            example: r#""90s""#,
            also: &["time_limit", "deadline"],
        },
        Key {
            name: "memory",
            holds: Holds::Size,
            default: Some("4GiB"),
            about: "How much memory an execution may use: `KiB`, `MiB` or `GiB`.",
            example: r#""512MiB""#,
            also: &["memory_limit", "mem"],
        },
        Key {
            name: "cache_failures",
            holds: Holds::Flag,
            default: Some("false"),
            about: "Whether a failure is kept like a result and not tried again while nothing it saw has changed.",
            example: "true",
            also: &["cache_failure"],
        },
        Key {
            name: "salt",
            holds: Holds::Text,
            default: Some("empty"),
            about: "Any text; another text runs the action anew.",
            example: r#""2""#,
            also: &["version", "cache_key"],
        },
    ],
};
pub static NEED: Section = Section {
    id: "need",
    title: "needs = [{ … }]",
    about: "A need whose folder is called otherwise than its action.",
    keys: &[
        Key {
            name: "action",
            holds: Holds::Text,
            default: None,
            about: "The action whose output is shown.",
            example: r#""pages""#,
            also: &["name", "from"],
        },
        Key {
            name: "as",
            holds: Holds::Text,
            default: Some("the name of the action"),
            about: "The name of the folder below `/in`.",
            example: r#""html""#,
            also: &["alias", "to"],
        },
    ],
};
pub static ENVIRONMENT: Section = Section {
    id: "variable",
    title: "environment = { NAME = { … } }",
    about: "A variable that is taken from the host; its value counts as observed.",
    keys: &[Key {
        name: "host",
        holds: Holds::Text,
        default: None,
        about: "The variable of the host. It is left out where the host has none.",
        example: r#""CI""#,
        also: &["from", "name", "pass"],
    }],
};
pub static ACTION_GRANTS: Section = Section {
    id: "action-grants",
    title: "grants of an action",
    about: "What an action may do. Effective is what the plugin asks for and this allows.",
    keys: &[
        Key {
            name: "http",
            holds: Holds::Texts,
            default: Some("none"),
            about: "Origins it may send requests to: scheme, host, and the port where it is not the usual one.",
            example: r#"["https://example.org", "https://example.org:8443"]"#,
            also: &["https", "net", "network", "fetch"],
        },
        Key {
            name: "env",
            holds: Holds::Texts,
            default: Some("none"),
            about: "Variables of the host that a plugin may ask for.",
            example: r#"["CI"]"#,
            also: &["environment"],
        },
        Key {
            name: "entropy",
            holds: Holds::Flag,
            default: Some("false"),
            about: "The real clock and real random numbers. Its results then differ from run to run, as `run --check` reports.",
            example: "true",
            also: &["random", "clock"],
        },
    ],
};
pub static DEPLOY: Section = Section {
    id: "deploy",
    title: "[deploy.NAME]",
    about: "One place to deploy to. Deployments have effects and are never cached.",
    keys: &[
        Key {
            name: "plugin",
            holds: Holds::Text,
            default: None,
            about: "The deployer: a name of `[plugins]`, or a built-in one.",
            example: r#""directory""#,
            also: &["uses", "use", "to"],
        },
        Key {
            name: "from",
            holds: Holds::Text,
            default: None,
            about: "The action whose output is deployed; it is brought up to date first.",
            example: r#""site""#,
            also: &["needs", "action", "source"],
        },
        Key {
            name: "config",
            holds: Holds::Config,
            default: Some("{}"),
            about: "Settings for the plugin, as its schema says.",
            example: r#"{ path = "public", keep = 5 }"#,
            also: &["options", "settings", "with"],
        },
        Key {
            name: "grants",
            holds: Holds::Section(&DEPLOY_GRANTS),
            default: Some("nothing"),
            about: "What the deployer may do.",
            example: r#"{ write = ["public"] }"#,
            also: &["permissions", "allow", "capabilities", "grant"],
        },
        Key {
            name: "timeout",
            holds: Holds::Duration,
            default: Some("none"),
            about: "How long it may take: `ms`, `s`, `m` or `h`.",
            example: r#""10m""#,
            also: &["time_limit", "deadline"],
        },
        Key {
            name: "memory",
            holds: Holds::Size,
            default: Some("4GiB"),
            about: "How much memory it may use: `KiB`, `MiB` or `GiB`.",
            example: r#""512MiB""#,
            also: &["memory_limit", "mem"],
        },
    ],
};
pub static DEPLOY_GRANTS: Section = Section {
    id: "deploy-grants",
    title: "grants of a deployment",
    about: "What a deployer may do. Effective is what the plugin asks for and this allows.",
    keys: &[
        Key {
            name: "write",
            holds: Holds::Texts,
            default: Some("none"),
            about: "Folders it may change: of the project, or absolute ones. Those of the project are hidden from every action.",
            example: r#"["public"]"#,
            also: &["folders", "paths", "writes"],
        },
        Key {
            name: "http",
            holds: Holds::Texts,
            default: Some("none"),
            about: "Origins it may send requests to: scheme, host, and the port where it is not the usual one.",
            example: r#"["https://example.org"]"#,
            also: &["https", "net", "network", "fetch"],
        },
        Key {
            name: "env",
            holds: Holds::Texts,
            default: Some("none"),
            about: "Variables of the host that a plugin may ask for.",
            example: r#"["CI"]"#,
            also: &["environment"],
        },
    ],
};
