use proptest::prelude::*;

use super::highlight;

/// Shows the classes: `k[let] x = n[1]`.
fn show(language: &str, code: &str) -> String {
    let html = highlight(language, code).unwrap();
    html.replace("<span class=\"hl-", "")
        .replace("\">", "[")
        .replace("</span>", "]")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn what_each_language_has() {
    for (language, code, expected) in [
        (
            "rs",
            "let x = 1..0x2f; // done",
            "k[let] x = n[1]..n[0x2f]; c[// done]",
        ),
        (
            "rust",
            "#[derive(A)] fn f<'a>(c: &'a str) -> Option<char> { Some('\\'') }",
            "m[#[derive(A)]] k[fn] f<t['a]>(c: &t['a] str) -> t[Option]<char> { n[Some](s['\\'']) }",
        ),
        (
            "rust",
            "println!(r#\"a\"b\"#, b\"x\") /* a /* b */ c */ x",
            "m[println!](s[r#\"a\"b\"#], s[b\"x\"]) c[/* a /* b */ c */] x",
        ),
        (
            "toml",
            "[a.b]\nc-d.e = 'x\\' # y\nf = { g = 1 }",
            "t[[a.b]]\np[c-d].p[e] = s['x\\'] c[# y]\np[f] = { p[g] = n[1] }",
        ),
        (
            "json",
            "{\"a\": [\"b\", true, 1.5e3]}",
            "{p[\"a\"]: [s[\"b\"], n[true], n[1.5e3]]}",
        ),
        (
            "yaml",
            "a-b: c#d # e\n- f: yes",
            "p[a-b]: c#d c[# e]\n- p[f]: n[yes]",
        ),
        (
            "ts",
            "import { A } from './a'; const b = (c: number) => `x${c}`;",
            "k[import] { t[A] } k[from] s['./a']; k[const] b = (p[c]: k[number]) => s[`x${c}`];",
        ),
        (
            "sh",
            "A=1 cargo test --all | grep 'x' # y",
            "v[A]=n[1] cargo test p[--all] | f[grep] s['x'] c[# y]",
        ),
        (
            "console",
            "$ echo $HOME\n/home/me\n",
            "m[$ ]f[echo] v[$HOME]\n/home/me\n",
        ),
        (
            "html",
            "<!-- c --><a href=\"x\">1 < 2</a>",
            "c[<!-- c -->]<t[a] p[href]=s[\"x\"]>1 < 2</t[a]>",
        ),
        ("diff", "+ a\n- b\n c", "i[+ a\n]d[- b\n] c"),
        (
            "py",
            "@dec\ndef f(): return \"\"\"a\n\"b\"\"\"",
            "m[@dec]\nk[def] f[f](): k[return] s[\"\"\"a\n\"b\"\"\"]",
        ),
        (
            "sql",
            "SELECT count(a) from b -- c",
            "k[SELECT] f[count](a) k[from] b c[-- c]",
        ),
        (
            "css",
            "@media print { a { font-size: 10px; } }",
            "m[@media] print { a { p[font-size]: n[10px]; } }",
        ),
        (
            "wit",
            "export run: func(a: option<u32>) -> string;",
            "k[export] p[run]: k[func](p[a]: k[option]<k[u32]>) -> k[string];",
        ),
        (
            "c",
            "#include <a.h>\nint main(void) { return 'x'; }",
            "m[#include] <a.h>\nk[int] f[main](k[void]) { k[return] s['x']; }",
        ),
    ] {
        assert_eq!(show(language, code), expected);
    }
    assert_eq!(highlight("no-such-language", "x"), None);
}

fn languages() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "rust", "toml", "json", "yaml", "ts", "sh", "console", "html", "diff", "py", "sql", "css",
        "wit", "c", "make",
    ])
}

proptest! {
    /// Whatever the code, broken or not: only elements are added.
    #[test]
    fn the_text_stays(language in languages(), code in "([a-z]{1,3}|[ \n'\"`#$@!/*<>=:\\[\\](){}\\\\.\\-]|é|0|r#|br\"|--|//|<!--|\\$\\{){0,40}") {
        let html = highlight(language, &code).unwrap();
        let mut text = String::new();
        let mut rest = html.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            rest = tag.split_once('>').unwrap().1;
        }
        text.push_str(rest);
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        prop_assert_eq!(text, code);
    }
}
