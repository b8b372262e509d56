//! What a core module is, read from its bytes: a program of WASI preview 1, or made for somebody else.

use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use super::component::{Facts, Form, World, list, refusal};
use super::wasi::preview1::{FUNCTIONS, MODULE};
use crate::{Error, ErrorKind};

/// What runs a program.
pub(super) const START: &str = "_start";

/// As [`component::inspect`](super::component::inspect), of a core module.
pub(super) fn inspect(name: &str, bytes: &[u8]) -> Result<Facts, Error> {
    let shape = Shape::read(bytes).map_err(|error| {
        refusal(
            name,
            "is damaged or not a module that this version can read",
        )
        .cause(error)
    })?;
    if shape.is_threaded {
        return Err(refusal(
            name,
            "uses threads, and every guest here has one only",
        )
        .hint("build it for `wasm32-wasip1`, not for `wasm32-wasip1-threads`, and without `-pthread`"));
    }
    check_imports(name, &shape.imports)?;
    if !shape.exports.iter().any(|export| export == START) {
        let found = if shape.exports.is_empty() {
            "it exports nothing".to_owned()
        } else {
            format!("it exports {}", list(&shape.exports))
        };
        return Err(refusal(
            name,
            "is a core WebAssembly module without `_start`: neither a program nor a component",
        )
        .cause(found)
        .hint(
            "a tool is a program built for `wasm32-wasip1` or `wasm32-wasip2`; a plugin is a component",
        ));
    }
    Ok(Facts {
        form: Form::Module,
        world: World::Command,
        command: None,
        description: None,
    })
}

#[derive(Default)]
struct Shape {
    imports: Vec<Import>,
    exports: Vec<String>,
    is_threaded: bool,
}

struct Import {
    module: String,
    name: String,
}

impl Shape {
    fn read(bytes: &[u8]) -> Result<Shape, wasmparser::BinaryReaderError> {
        let mut shape = Shape::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import?;
                        let is_shared =
                            matches!(import.ty, TypeRef::Memory(memory) if memory.shared);
                        shape.is_threaded |= is_shared || import.name == "thread-spawn";
                        shape.imports.push(Import {
                            module: import.module.to_owned(),
                            name: import.name.to_owned(),
                        });
                    }
                }
                Payload::MemorySection(memories) => {
                    for memory in memories {
                        shape.is_threaded |= memory?.shared;
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            shape.exports.push(export.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

/// A kind of module that runs elsewhere, known by an import that it has.
struct Foreign {
    knows: fn(&Import) -> bool,
    is: &'static str,
    instead: &'static str,
}

/// The first that knows an import tells what the module is.
const FOREIGN: &[Foreign] = &[
    Foreign {
        knows: |import| import.module == "wasi_unstable",
        is: "was made for `wasi_unstable`, which came before WASI preview 1",
        instead: "build it with a later version of its compiler",
    },
    Foreign {
        knows: |import| import.module.starts_with("wasix_"),
        is: "was made for WASIX, which only Wasmer has",
        instead: "build it for `wasm32-wasip1`",
    },
    Foreign {
        knows: |import| {
            import.module == "wbg"
                || import.module.starts_with("__wbindgen")
                || import.name.starts_with("__wbindgen")
                || import.name.starts_with("__wbg_")
        },
        is: "was made by wasm-bindgen, for the JavaScript around it",
        instead: "build the program for `wasm32-wasip1` or `wasm32-wasip2`",
    },
    Foreign {
        knows: |import| import.module == "gojs" || import.module == "go",
        is: "was made by Go for JavaScript",
        instead: "build it with `GOOS=wasip1 GOARCH=wasm`",
    },
    Foreign {
        knows: |import| import.module.contains(':') || import.module.starts_with("cm32p2"),
        is: "is the inside of a component, not yet wrapped",
        instead: "wrap it with `wasm-tools component new`",
    },
    Foreign {
        // What AssemblyScript needs of its host; only its `abort` comes with no other function of `env`.
        knows: |import| import.module == "env" && matches!(&*import.name, "seed" | "trace"),
        is: "was made by AssemblyScript, for the JavaScript around it",
        instead: "build it with `@assemblyscript/wasi-shim`",
    },
    Foreign {
        // Emscripten's shortest names are `a.a`, `a.b` and so on.
        knows: |import| import.module == "env" || import.module == "a",
        is: "needs functions of the JavaScript around it, as the modules of Emscripten do",
        instead: "build it for `wasm32-wasip1`; with Emscripten use `-sSTANDALONE_WASM`, \
            with AssemblyScript `@assemblyscript/wasi-shim`",
    },
];

/// What has no provider is an error here and names what is missing, not a failure in the middle of a run.
fn check_imports(name: &str, imports: &[Import]) -> Result<(), Error> {
    let is_ours =
        |import: &Import| import.module == MODULE && FUNCTIONS.contains(&import.name.as_str());
    let missing: Vec<&Import> = imports.iter().filter(|import| !is_ours(import)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing
        .iter()
        .map(|import| format!("{}.{}", import.module, import.name))
        .collect();
    let foreign = FOREIGN
        .iter()
        .find(|foreign| missing.iter().any(|import| (foreign.knows)(import)));
    if let Some(foreign) = foreign {
        return Err(refusal(name, foreign.is)
            .cause(format!("it imports {}", list(&names)))
            .hint(foreign.instead));
    }
    if missing
        .iter()
        .all(|import| import.module == MODULE && import.name.starts_with("sock_"))
    {
        let message = format!(
            "`{name}` was denied the network: it imports {}",
            list(&names)
        );
        return Err(Error::new(ErrorKind::Denied, message)
            .hint("nothing in the sandbox can use the network: build the program without it"));
    }
    let message = format!("imports what nobody here provides: {}", list(&names));
    Err(refusal(name, &message)
        .cause(format!(
            "provided are the {} functions of `{MODULE}`",
            FUNCTIONS.len()
        ))
        .hint("build the program for `wasm32-wasip1`, with nothing else to import"))
}
