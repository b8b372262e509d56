//! Fenced code with classes: comments, strings, names. The style sheet gives them colours.
//!
//! A scanner over tables rather than grammars of regular expressions: compiling those costs more than
//! all the rest of a page (60 ms natively for one Rust block), and every page is an execution of its own.

mod languages;
mod markup;
mod scan;

use languages::{Form, find};

/// What a piece of code is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Plain,
    Comment,
    Deleted,
    Function,
    Inserted,
    Keyword,
    /// Attributes, decorators, directives, prompts.
    Meta,
    /// And constants such as `true`.
    Number,
    /// Keys, attributes of elements, properties.
    Property,
    String,
    /// And elements, sections, lifetimes.
    Type,
    Variable,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Class::Plain => "",
            Class::Comment => "hl-c",
            Class::Deleted => "hl-d",
            Class::Function => "hl-f",
            Class::Inserted => "hl-i",
            Class::Keyword => "hl-k",
            Class::Meta => "hl-m",
            Class::Number => "hl-n",
            Class::Property => "hl-p",
            Class::String => "hl-s",
            Class::Type => "hl-t",
            Class::Variable => "hl-v",
        }
    }
}

/// HTML of code in a language; none when nobody here knows it.
pub(crate) fn highlight(name: &str, code: &str) -> Option<String> {
    let language = find(name)?;
    let mut html = Html::default();
    match language.form {
        Form::Code => scan::scan(language, code, &mut html),
        Form::Markup => markup::scan(code, &mut html),
        Form::Diff => diff(code, &mut html),
        Form::Console => {
            let shell = find("sh").expect("the shell is in the table");
            console(shell, code, &mut html);
        }
    }
    Some(html.finish())
}

/// Collects pieces; neighbours of one class become one element.
#[derive(Default)]
struct Html {
    text: String,
    open: Option<Class>,
}

impl Html {
    fn push(&mut self, class: Class, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if self.open != Some(class) {
            self.close();
            if class != Class::Plain {
                self.text.push_str("<span class=\"");
                self.text.push_str(class.name());
                self.text.push_str("\">");
            }
            self.open = Some(class);
        }
        escape(piece, &mut self.text);
    }

    fn close(&mut self) {
        if self.open.take().is_some_and(|class| class != Class::Plain) {
            self.text.push_str("</span>");
        }
    }

    fn finish(mut self) -> String {
        self.close();
        self.text
    }
}

pub(crate) fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}

fn diff(code: &str, html: &mut Html) {
    for line in code.split_inclusive('\n') {
        let class = match line.as_bytes()[0] {
            b'+' => Class::Inserted,
            b'-' => Class::Deleted,
            b'@' => Class::Meta,
            _ => Class::Plain,
        };
        html.push(class, line);
    }
}

/// What is typed after `$ `, and what is printed.
fn console(shell: &languages::Language, code: &str, html: &mut Html) {
    for line in code.split_inclusive('\n') {
        match line.split_at_checked(2) {
            Some((prompt @ ("$ " | "# " | "> "), typed)) => {
                html.push(Class::Meta, prompt);
                scan::scan(shell, typed, html);
            }
            _ => html.push(Class::Plain, line),
        }
    }
}

#[cfg(test)]
mod tests;
