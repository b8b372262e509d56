use cofferdam_plugin::{FailureKind, Harness};

use super::{output_name, run};

#[test]
fn types_go_and_meanings_stay() {
    let harness = Harness::new();
    harness.file(
        "/src/web/main.ts",
        "import type { A } from './a.ts';\nimport { b } from './lib/b.ts';\n\
         enum Colour { Red = 1, Blue }\nclass P { constructor(private x: number) {} }\n\
         export const c: A = b(Colour.Blue) as unknown as A;\nexport { P };\n",
    );
    harness
        .run(run, r#"{"folder": "web", "source_maps": false}"#)
        .unwrap();
    let code = harness.text("/out/main.js");
    assert_eq!(
        code,
        "import { b } from \"./lib/b.js\";\n\
         var Colour = /* @__PURE__ */ function(Colour) {\n\
         \tColour[Colour[\"Red\"] = 1] = \"Red\";\n\
         \tColour[Colour[\"Blue\"] = 2] = \"Blue\";\n\
         \treturn Colour;\n}(Colour || {});\n\
         class P {\n\tx;\n\tconstructor(x) {\n\t\tthis.x = x;\n\t}\n}\n\
         export const c = b(Colour.Blue);\nexport { P };\n"
    );
}

#[test]
fn modules_keep_their_folders() {
    let harness = Harness::new();
    harness
        .file("/src/a.ts", "export {};")
        .file("/src/lib/b.mts", "export {};")
        .file("/src/lib/c.tsx", "export const c = <p id='x'>text</p>;")
        .file("/src/types.d.ts", "declare const x: number;")
        .file("/src/old.js", "var x;");
    harness
        .run(run, r#"{"jsx_import_source": "preact"}"#)
        .unwrap();
    let names: Vec<String> = harness.tree("/out").into_keys().collect();
    assert_eq!(
        names,
        [
            "a.js",
            "a.js.map",
            "lib/b.mjs",
            "lib/b.mjs.map",
            "lib/c.js",
            "lib/c.js.map"
        ]
    );
    assert!(harness.text("/out/lib/c.js").contains("preact/jsx-runtime"));
}

#[test]
fn minified_with_a_map() {
    let harness = Harness::new();
    harness.file(
        "/src/a.ts",
        "export function add(first: number, second: number): number {\n  return first + second; // sum\n}\n",
    );
    harness.run(run, r#"{"minify": true}"#).unwrap();
    assert_eq!(
        harness.text("/out/a.js"),
        "export function add(e,t){return e+t}//# sourceMappingURL=a.js.map\n"
    );
    let map = harness.text("/out/a.js.map");
    assert!(map.contains(r#""sources":["a.ts"]"#), "{map}");
    assert!(map.contains(r#""mappings":"AAAA"#), "{map}");
    assert!(map.contains("first: number"), "{map}");
}

#[test]
fn each_error_has_a_place() {
    let harness = Harness::new();
    harness
        .file("/src/a.ts", "const x: = 1;\n")
        .file("/src/b.ts", "let é = 1; let é = 2;\n")
        .file("/src/c.ts", "export const fine = 1;\n");
    let failures = harness.run(run, "{}").unwrap_err();
    let found: Vec<String> = failures.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "/src/a.ts:1:10: Unexpected token",
            "/src/b.ts:1:5: Identifier `é` has already been declared"
        ]
    );
}

#[test]
fn names() {
    for (name, expected) in [
        ("a.ts", Some("a.js")),
        ("a/b.tsx", Some("a/b.js")),
        ("a.cts", Some("a.cjs")),
        ("a.d.ts", None),
        ("a.d.mts", None),
        ("a.css.d.ts", None),
        ("a.d.css.ts", None),
        ("a.js", None),
    ] {
        assert_eq!(output_name(name).as_deref(), expected, "{name}");
    }
    let failures = Harness::new()
        .run(run, r#"{"entries": ["a.js"]}"#)
        .unwrap_err();
    assert_eq!(failures.0[0].kind, FailureKind::Config);
}
