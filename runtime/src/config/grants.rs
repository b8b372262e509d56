//! What a plugin asks for, what the project allows, and what it therefore may do.
//!
//! | capability | scope | covers |
//! |---|---|---|
//! | `entropy` | none | the real clock and real random numbers |
//! | `env` | names of host variables | exactly these |
//! | `http` | origins, `https://host:port` | exactly these |
//! | `write` | folders | these and what is below them |
//!
//! Requested ∧ granted = effective. A request without a scope means: whatever of it is granted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::error::{Error, ErrorKind};

use super::glob::is_within;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    Entropy,
    Env,
    Http,
    Write,
}

impl Capability {
    pub const ALL: [Capability; 4] = [
        Capability::Entropy,
        Capability::Env,
        Capability::Http,
        Capability::Write,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Capability::Entropy => "entropy",
            Capability::Env => "env",
            Capability::Http => "http",
            Capability::Write => "write",
        }
    }

    pub fn of(name: &str) -> Option<Capability> {
        Capability::ALL
            .into_iter()
            .find(|capability| capability.name() == name)
    }

    /// Stands in a hint where a plugin gave no scope.
    fn placeholder(self) -> &'static str {
        match self {
            Capability::Entropy => "",
            Capability::Env => "NAME",
            Capability::Http => "https://HOST",
            Capability::Write => "FOLDER",
        }
    }

    fn covers(self, granted: &str, requested: &str) -> bool {
        match self {
            Capability::Write => is_within(requested, granted),
            _ => requested == granted,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a plugin's description asks for, by capability, as it says it.
pub type Requested = BTreeMap<String, BTreeSet<String>>;

/// Capabilities with their scopes in canonical form; what is not in it is denied. [`Grants::default`] denies all.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Grants {
    scopes: BTreeMap<Capability, BTreeSet<String>>,
}

/// Something that was asked for and is not granted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Missing {
    pub capability: String,
    /// `None` where a capability is asked for without a scope.
    pub scope: Option<String>,
}

impl Grants {
    pub(super) fn allow(&mut self, capability: Capability, scope: Option<String>) {
        self.scopes.entry(capability).or_default().extend(scope);
    }

    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    pub fn has(&self, capability: Capability) -> bool {
        self.scopes.contains_key(&capability)
    }

    /// In byte order.
    pub fn scope(&self, capability: Capability) -> impl Iterator<Item = &str> {
        self.scopes
            .get(&capability)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// What may be done, or all that is asked for and not granted.
    pub fn effective(&self, requested: &Requested) -> Result<Grants, Vec<Missing>> {
        let mut effective = Grants::default();
        let mut missing = Vec::new();
        for (name, scopes) in requested {
            let granted = Capability::of(name).and_then(|capability| {
                self.scopes
                    .get(&capability)
                    .map(|granted| (capability, granted))
            });
            let Some((capability, granted)) = granted else {
                let mut absent: Vec<Option<String>> = scopes.iter().cloned().map(Some).collect();
                if absent.is_empty() {
                    absent.push(None);
                }
                missing.extend(absent.into_iter().map(|scope| Missing {
                    capability: name.clone(),
                    scope,
                }));
                continue;
            };
            if scopes.is_empty() {
                effective.scopes.insert(capability, granted.clone());
            }
            for scope in scopes {
                let wanted = canonical_scope(capability, scope).unwrap_or_else(|_| scope.clone());
                if granted
                    .iter()
                    .any(|granted| capability.covers(granted, &wanted))
                {
                    effective.allow(capability, Some(wanted));
                } else {
                    missing.push(Missing {
                        capability: name.clone(),
                        scope: Some(wanted),
                    });
                }
            }
        }
        match missing.is_empty() {
            true => Ok(effective),
            false => Err(missing),
        }
    }

    /// For the static key: JSON, keys and scopes in byte order, `{}` for none.
    pub fn encode(&self) -> String {
        let scopes = self.scopes.iter();
        let object: serde_json::Map<String, serde_json::Value> = scopes
            .map(|(capability, scopes)| {
                (
                    capability.name().to_string(),
                    scopes.iter().cloned().collect(),
                )
            })
            .collect();
        super::json::canonical(&object.into())
    }
}

impl Missing {
    /// What to write to allow it, such as `grants = { http = ["https://example.org:443"] }`.
    /// `None` where this version knows no such capability.
    pub fn grant(&self) -> Option<String> {
        let capability = Capability::of(&self.capability)?;
        let scope = self.scope.as_deref().unwrap_or(capability.placeholder());
        Some(match capability {
            Capability::Entropy => "grants = { entropy = true }".to_string(),
            _ => format!("grants = {{ {capability} = [\"{scope}\"] }}"),
        })
    }
}

/// The error of a plugin that was not granted what it asked for.
/// `table` is where its grants stand: `actions.lint` or `deploy.local`.
pub fn denied(table: &str, plugin: &str, missing: &[Missing]) -> Error {
    let (kind, name) = table.split_once('.').unwrap_or(("actions", table));
    let user = if kind == "deploy" {
        "deployment"
    } else {
        "action"
    };
    let mut error = Error::new(
        ErrorKind::Denied,
        format!("{user} `{name}` was denied a capability"),
    );
    let mut grants: BTreeMap<Capability, BTreeSet<String>> = BTreeMap::new();
    for missing in missing {
        error = error.cause(format!("plugin `{plugin}` asked for {missing}"));
        match Capability::of(&missing.capability) {
            None => {
                let name = &missing.capability;
                error = error.hint(format!("this version knows no `{name}`: use a newer one"));
            }
            Some(Capability::Write) if kind != "deploy" => {
                error = error
                    .hint("only a deployment can be granted `write`; an action writes to `/out`");
            }
            Some(Capability::Entropy) if kind == "deploy" => {
                error = error.hint("only an action can be granted `entropy`");
            }
            Some(capability) => {
                let scope = missing.scope.clone();
                let scope = scope.unwrap_or_else(|| capability.placeholder().to_string());
                grants.entry(capability).or_default().insert(scope);
            }
        }
    }
    if grants.is_empty() {
        return error;
    }
    let grants = grants.iter().map(|(capability, scopes)| match capability {
        Capability::Entropy => "entropy = true".to_string(),
        _ => {
            let scopes: Vec<String> = scopes.iter().map(|scope| format!("\"{scope}\"")).collect();
            format!("{capability} = [{}]", scopes.join(", "))
        }
    });
    let grants: Vec<String> = grants.collect();
    let grants = grants.join(", ");
    error.hint(format!(
        "to allow it, add `grants = {{ {grants} }}` to `[{table}]`"
    ))
}

/// `` `http` to `https://example.org:443` ``
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.capability)?;
        let Some(scope) = &self.scope else {
            return Ok(());
        };
        let word = match Capability::of(&self.capability) {
            Some(Capability::Http | Capability::Write) => "to",
            _ => "of",
        };
        write!(f, " {word} `{scope}`")
    }
}

/// A scope as grants hold it, or why it is none.
pub(super) fn canonical_scope(capability: Capability, text: &str) -> Result<String, String> {
    match capability {
        Capability::Entropy => Err("takes no scope".into()),
        Capability::Env => variable(text).map(str::to_string),
        Capability::Http => origin(text),
        Capability::Write => super::words::host_path(text).map_err(Into::into),
    }
}

/// A name that an environment variable may have.
pub(super) fn variable(name: &str) -> Result<&str, String> {
    if name.is_empty() {
        return Err("is empty".into());
    }
    match name.find(['=', '\0']) {
        Some(_) => Err("has a `=` or a NUL character".into()),
        None => Ok(name),
    }
}

/// `https://Example.org` as `https://example.org:443`.
fn origin(text: &str) -> Result<String, String> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or("has no scheme: it begins with `https://` or `http://`")?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err("has a scheme other than `https` and `http`".into()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse::<u16>().ok().filter(|port| *port > 0);
            (
                host,
                port.ok_or("has a port that is not one of 1 to 65535")?,
            )
        }
        _ => (rest, usual),
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let valid = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            !host.is_empty() && host.chars().all(allowed)
        }
    };
    if !valid {
        return Err("has no plain host name: no path, no user, no `*`".into());
    }
    Ok(format!("{scheme}://{}:{port}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(list: &[(Capability, &str)]) -> Grants {
        let mut grants = Grants::default();
        for (capability, scope) in list {
            grants.allow(
                *capability,
                Some(canonical_scope(*capability, scope).unwrap()),
            );
        }
        grants
    }

    fn requested(list: &[(&str, &[&str])]) -> Requested {
        let entries = list.iter().map(|(name, scopes)| {
            (
                name.to_string(),
                scopes.iter().map(ToString::to_string).collect(),
            )
        });
        entries.collect()
    }

    #[test]
    fn escape_effective_is_never_more_than_either() {
        let granted = grants(&[
            (Capability::Write, "public"),
            (Capability::Http, "https://a.example"),
        ]);
        let effective = granted.effective(&requested(&[("write", &["public/site"])]));
        assert_eq!(effective.unwrap().encode(), r#"{"write":["public/site"]}"#);
        let all = granted.effective(&requested(&[
            ("write", &[]),
            ("http", &["https://A.example:443/"]),
        ]));
        assert_eq!(all.unwrap(), granted);
        assert_eq!(
            Grants::default().effective(&Requested::new()),
            Ok(Grants::default())
        );
    }

    #[test]
    fn bad_input_what_is_missing_is_named() {
        let granted = grants(&[(Capability::Write, "public")]);
        let missing = granted
            .effective(&requested(&[
                ("http", &["https://a.example:443"]),
                ("teleport", &[]),
                ("write", &["public", "publicity"]),
            ]))
            .unwrap_err();
        let error = denied("deploy.site", "place", &missing);
        assert_eq!(
            format!("{error}\n{}", error.hints.join("\n")),
            "deployment `site` was denied a capability: \
             plugin `place` asked for `http` to `https://a.example:443`: \
             plugin `place` asked for `teleport`: \
             plugin `place` asked for `write` to `publicity`\n\
             this version knows no `teleport`: use a newer one\n\
             to allow it, add `grants = { http = [\"https://a.example:443\"], write = [\"publicity\"] }` to `[deploy.site]`"
        );
        let error = denied("actions.lint", "eslint", &missing[2..]);
        assert_eq!(
            error.hints,
            ["only a deployment can be granted `write`; an action writes to `/out`"]
        );
    }

    #[test]
    fn origins_are_canonical() {
        assert_eq!(
            origin("https://EXAMPLE.org"),
            Ok("https://example.org:443".into())
        );
        assert_eq!(origin("http://[::1]"), Ok("http://[::1]:80".into()));
        assert_eq!(origin("http://a:8080/"), Ok("http://a:8080".into()));
        for wrong in [
            "",
            "example.org",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://*.a",
            "https://a:0",
            "https://[x]",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
