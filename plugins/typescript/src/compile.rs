//! One module: parse, look at its meaning, transform, minify, print.

use std::path::{Path, PathBuf};

use cofferdam_plugin::{Failure, Failures, Result};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{RewriteExtensionsMode, TransformOptions, Transformer};

use crate::Config;

pub(crate) struct Module {
    pub(crate) code: String,
    /// JSON.
    pub(crate) map: Option<String>,
}

/// `name` is what the source map calls the source.
pub(crate) fn compile(path: &Path, text: &str, name: &str, config: &Config) -> Result<Module> {
    let allocator = Allocator::default();
    let source_type =
        SourceType::from_path(path).map_err(|error| Failure::user(error.to_string()).at(path))?;
    let check = |diagnostics: &Diagnostics| failures(path, text, diagnostics).check();

    let parsed = Parser::new(&allocator, text, source_type).parse();
    check(&parsed.diagnostics)?;
    let mut program = parsed.program;
    let meaning = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_enum_eval(true)
        .build(&program);
    check(&meaning.diagnostics)?;
    let scoping = meaning.semantic.into_scoping();
    let options = options(config);
    let transformed = Transformer::new(&allocator, Path::new(name), &options)
        .build_with_scoping(scoping, &mut program);
    check(&transformed.diagnostics)?;

    let mut codegen = Codegen::new().with_options(CodegenOptions {
        minify: config.minify,
        comments: match config.minify {
            true => CommentOptions::disabled(),
            false => CommentOptions::default(),
        },
        source_map_path: config.source_maps.then(|| PathBuf::from(name)),
        ..CodegenOptions::default()
    });
    if config.minify {
        let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
        codegen = codegen.with_scoping(minified.scoping);
    }
    let printed = codegen.build(&program);
    Ok(Module {
        map: printed.map.map(|map| map.to_json_string()),
        code: printed.code,
    })
}

/// `./a.ts` in an import becomes `./a.js`.
fn options(config: &Config) -> TransformOptions {
    let mut options = TransformOptions::default();
    options.typescript.rewrite_import_extensions = Some(RewriteExtensionsMode::Rewrite);
    options.jsx.jsx_plugin = true;
    options.jsx.import_source = Some(config.jsx_import_source.clone());
    options
}

fn failures(path: &Path, text: &str, diagnostics: &Diagnostics) -> Failures {
    Failures(
        diagnostics
            .errors()
            .map(|error| failure(path, text, error))
            .collect(),
    )
}

fn failure(path: &Path, text: &str, error: &OxcDiagnostic) -> Failure {
    let message = match &error.help {
        Some(help) => format!("{} ({help})", error.message),
        None => error.message.to_string(),
    };
    let failure = Failure::user(message);
    match error.labels.first() {
        Some(label) => {
            let before = text.get(..label.offset() as usize).unwrap_or(text);
            let line = 1 + before.matches('\n').count();
            let column = before
                .rsplit('\n')
                .next()
                .map_or(0, |line| line.chars().count());
            failure.at_position(path, line, column + 1)
        }
        None => failure.at(path),
    }
}
