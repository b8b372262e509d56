//! The table of languages.

pub(super) struct Language {
    /// What stands after the fence; the first is its own.
    names: &'static [&'static str],
    pub(super) form: Form,
    pub(super) line_comments: &'static [&'static str],
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    /// Longer openings before those they begin with.
    pub(super) strings: &'static [Quotes],
    /// With spaces between.
    pub(super) keywords: &'static str,
    pub(super) constants: &'static str,
    pub(super) marks: &'static [Mark],
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Code,
    Markup,
    Diff,
    Console,
}

pub(super) struct Quotes {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    pub(super) escapes: bool,
    pub(super) lines: bool,
}

/// What only some languages have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `name: value` and `"name": value`.
    ColonKeys,
    /// `name = value`.
    EqualsKeys,
    /// Names have `-` in them.
    Dashes,
    /// `[name]` on a line of its own.
    Sections,
    /// `#[name]`.
    Attributes,
    /// `@name`.
    Decorators,
    /// `#name` at the start of a line.
    Directives,
    /// `name!`.
    Macros,
    /// `'name`, beside `'c'`.
    Lifetimes,
    /// `r#"text"#`.
    RawStrings,
    /// `$name` and `${name}`.
    Dollars,
    /// Names that begin with a capital letter are types.
    Capitals,
    /// `name(`.
    Calls,
    /// `SELECT` is `select`.
    AnyCase,
    /// The first word of a command is a function.
    Commands,
    /// `/* /* */ */`.
    NestedComments,
}

use Mark::*;

pub(super) fn find(name: &str) -> Option<&'static Language> {
    let name = name.to_ascii_lowercase();
    LANGUAGES
        .iter()
        .find(|language| language.names.contains(&name.as_str()))
}

impl Language {
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }
}

const fn line(open: &'static str) -> Quotes {
    Quotes {
        open,
        close: open,
        escapes: true,
        lines: false,
    }
}

const fn plain(open: &'static str) -> Quotes {
    Quotes {
        open,
        close: open,
        escapes: false,
        lines: false,
    }
}

const fn lines(open: &'static str) -> Quotes {
    Quotes {
        open,
        close: open,
        escapes: true,
        lines: true,
    }
}

const DOUBLE: &[Quotes] = &[line("\"")];
const BOTH: &[Quotes] = &[line("\""), line("'")];
const SHELL: &[Quotes] = &[
    lines("\""),
    Quotes {
        open: "'",
        close: "'",
        escapes: false,
        lines: true,
    },
];
const SCRIPT: &[Quotes] = &[line("\""), line("'"), lines("`")];
const PYTHON: &[Quotes] = &[lines("\"\"\""), lines("'''"), line("\""), line("'")];
const TOML: &[Quotes] = &[lines("\"\"\""), lines("'''"), line("\""), plain("'")];
const RUST: &[Quotes] = &[
    Quotes {
        open: "b\"",
        close: "\"",
        escapes: true,
        lines: true,
    },
    lines("\""),
];
const BLOCK: Option<(&str, &str)> = Some(("/*", "*/"));

const OTHER: Language = Language {
    names: &[],
    form: Form::Code,
    line_comments: &[],
    block_comment: None,
    strings: BOTH,
    keywords: "",
    constants: "true false null",
    marks: &[],
};

static LANGUAGES: &[Language] = &[
    Language {
        names: &["rust", "rs"],
        line_comments: &["//"],
        block_comment: BLOCK,
        strings: RUST,
        keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop \
            match mod move mut pub ref return self static struct super trait type union unsafe use where \
            while",
        constants: "true false None Some Ok Err",
        marks: &[
            Attributes,
            Macros,
            Lifetimes,
            RawStrings,
            Capitals,
            Calls,
            NestedComments,
        ],
        ..OTHER
    },
    Language {
        names: &["toml"],
        line_comments: &["#"],
        strings: TOML,
        marks: &[EqualsKeys, Dashes, Sections],
        ..OTHER
    },
    Language {
        names: &["ini", "conf", "properties", "systemd", "desktop"],
        line_comments: &["#", ";"],
        marks: &[EqualsKeys, Dashes, Sections],
        ..OTHER
    },
    Language {
        names: &["json", "jsonc", "json5", "jsonl", "ndjson"],
        line_comments: &["//"],
        block_comment: BLOCK,
        marks: &[ColonKeys],
        ..OTHER
    },
    Language {
        names: &["yaml", "yml"],
        line_comments: &["#"],
        constants: "true false null yes no on off",
        marks: &[ColonKeys, Dashes],
        ..OTHER
    },
    Language {
        names: &[
            "typescript",
            "ts",
            "tsx",
            "mts",
            "cts",
            "javascript",
            "js",
            "jsx",
            "mjs",
            "cjs",
        ],
        line_comments: &["//"],
        block_comment: BLOCK,
        strings: SCRIPT,
        keywords: "abstract any as async await boolean break case catch class const continue declare default \
            delete do else enum export extends finally for from function if implements import in infer \
            instanceof interface is keyof let namespace never new number of private protected public \
            readonly return satisfies static string super switch this throw try type typeof unknown var \
            void while yield",
        constants: "true false null undefined NaN Infinity",
        marks: &[Decorators, Capitals, Calls, ColonKeys],
        ..OTHER
    },
    Language {
        names: &["sh", "bash", "shell", "zsh", "fish"],
        line_comments: &["#"],
        strings: SHELL,
        keywords: "case do done elif else esac exit export fi for function if in local return set then until \
            while",
        constants: "",
        marks: &[Dollars, Commands, Dashes],
        ..OTHER
    },
    Language {
        names: &["console", "shell-session", "terminal"],
        form: Form::Console,
        ..OTHER
    },
    Language {
        names: &["diff", "patch"],
        form: Form::Diff,
        ..OTHER
    },
    Language {
        names: &[
            "html",
            "xml",
            "svg",
            "xhtml",
            "vue",
            "htm",
            "jinja",
            "html+jinja",
            "j2",
        ],
        form: Form::Markup,
        ..OTHER
    },
    Language {
        names: &["css", "scss", "sass", "less"],
        line_comments: &["//"],
        block_comment: BLOCK,
        constants: "inherit initial unset none auto",
        marks: &[ColonKeys, Dashes, Decorators, Dollars, Calls],
        ..OTHER
    },
    Language {
        names: &["python", "py", "starlark", "bzl"],
        line_comments: &["#"],
        strings: PYTHON,
        keywords: "and as assert async await break class continue def del elif else except finally for from \
            global if import in is lambda match nonlocal not or pass raise return self try while with \
            yield",
        constants: "True False None",
        marks: &[Decorators, Capitals, Calls],
        ..OTHER
    },
    Language {
        names: &["go", "golang"],
        line_comments: &["//"],
        block_comment: BLOCK,
        strings: SCRIPT,
        keywords: "break case chan const continue default defer else fallthrough for func go goto if import \
            interface map package range return select struct switch type var",
        constants: "true false nil iota",
        marks: &[Capitals, Calls],
        ..OTHER
    },
    Language {
        names: &[
            "c", "h", "cpp", "c++", "cc", "hpp", "cxx", "zig", "csharp", "cs", "java", "kotlin",
            "kt", "swift",
        ],
        line_comments: &["//"],
        block_comment: BLOCK,
        strings: &[lines("\"\"\""), line("\""), line("'")],
        keywords: "abstract auto bool break case catch char class const constexpr continue default defer do \
            double else enum export extends extern final float fn for fun func goto guard if implements \
            import in inline int interface internal let long namespace new operator override package \
            private protected public return short signed sizeof static struct super switch template this \
            throw throws try typedef typename union unsigned using val var virtual void volatile when \
            while",
        constants: "true false null nullptr NULL nil",
        marks: &[Directives, Decorators, Capitals, Calls],
        ..OTHER
    },
    Language {
        names: &["wit"],
        line_comments: &["//"],
        block_comment: BLOCK,
        strings: DOUBLE,
        keywords: "as async bool borrow char constructor enum export f32 f64 flags func future import include \
            interface list option own package record resource result s16 s32 s64 s8 static stream string \
            tuple type u16 u32 u64 u8 use variant with world",
        marks: &[Dashes, ColonKeys, NestedComments, Decorators],
        ..OTHER
    },
    Language {
        names: &["wat", "wast", "lisp", "scheme", "clojure", "elisp"],
        line_comments: &[";"],
        strings: DOUBLE,
        keywords: "block call component core data define defn defun elem else export func global if import \
            instance lambda let local loop memory module mut param result start table then type",
        marks: &[Dollars, Dashes],
        ..OTHER
    },
    Language {
        names: &["sql"],
        line_comments: &["--"],
        block_comment: BLOCK,
        keywords: "all alter and as asc begin between by case commit create delete desc distinct drop else end \
            exists foreign from full group having in index inner insert into is join key left like limit \
            not offset on or order outer primary references returning right rollback select set table \
            then union unique update using values view when where with",
        marks: &[AnyCase, Calls],
        ..OTHER
    },
    Language {
        names: &["lua"],
        line_comments: &["--"],
        keywords: "and break do else elseif end for function goto if in local not or repeat return then until \
            while",
        constants: "true false nil",
        marks: &[Calls],
        ..OTHER
    },
    Language {
        names: &["ruby", "rb", "elixir", "ex"],
        line_comments: &["#"],
        keywords: "alias and begin break case class def defmodule defp do else elsif end ensure fn for if in \
            module next not or redo require rescue return self super then unless until use when while \
            yield",
        constants: "true false nil",
        marks: &[Capitals, Calls, ColonKeys],
        ..OTHER
    },
    Language {
        names: &["dockerfile", "docker", "containerfile"],
        line_comments: &["#"],
        keywords: "add arg cmd copy entrypoint env expose from healthcheck label run user volume workdir",
        marks: &[AnyCase, Dollars],
        ..OTHER
    },
    Language {
        names: &["make", "makefile", "just", "justfile", "ninja", "cmake"],
        line_comments: &["#"],
        keywords: "build define else endif export ifdef ifeq ifneq include rule",
        marks: &[Dollars, Dashes, EqualsKeys, ColonKeys],
        ..OTHER
    },
];
