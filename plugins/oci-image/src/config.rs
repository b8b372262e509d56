//! What the image says of itself.

use std::collections::BTreeMap;

use cofferdam_plugin::{Failure, Failures, Result};
use serde_json::{Value, json};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The needs that become layers, lowest first; all of them, in the order of `needs`, when left out.
    pub(crate) layers: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) compression: Compression,
    /// The image's name inside the layout.
    #[serde(default = "latest")]
    pub(crate) tag: String,
    /// The program and the arguments that come before `cmd`.
    #[serde(default)]
    entrypoint: Vec<String>,
    #[serde(default)]
    cmd: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    workdir: Option<String>,
    /// A name or a number, with `:GROUP` or without.
    user: Option<String>,
    /// Ports the program listens on, such as `8080` or `53/udp`.
    #[serde(default)]
    ports: Vec<String>,
    #[serde(default = "amd64")]
    architecture: String,
    #[serde(default = "linux")]
    os: String,
    /// When it was made, as RFC 3339 writes it.
    #[serde(default = "epoch")]
    created: String,
    /// The time of every file in the layers, in seconds since 1970.
    #[serde(default)]
    pub(crate) mtime: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compression {
    #[default]
    Gzip,
    Zstd,
    None,
}

impl Compression {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Compression::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Compression::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
            Compression::None => "application/vnd.oci.image.layer.v1.tar",
        }
    }
}

fn latest() -> String {
    "latest".to_owned()
}

fn amd64() -> String {
    "amd64".to_owned()
}

fn linux() -> String {
    "linux".to_owned()
}

fn epoch() -> String {
    "1970-01-01T00:00:00Z".to_owned()
}

impl Config {
    pub(crate) fn check(&self) -> Result {
        let mut failures = Failures::default();
        for port in &self.ports {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            if number.parse::<u16>().is_err() || !matches!(protocol, "tcp" | "udp" | "sctp") {
                let message =
                    format!("at `ports`: `{port}` is not a port, such as `8080` or `53/udp`");
                failures.push(Failure::config(message));
            }
        }
        if !is_time(&self.created) {
            let message = format!(
                "at `created`: `{}` is not a time, such as `2026-01-31T00:00:00Z`",
                self.created
            );
            failures.push(Failure::config(message));
        }
        if self.tag.is_empty() {
            failures.push(Failure::config(
                "at `tag`: a tag has at least one character",
            ));
        }
        failures.check()
    }

    /// The image's config, as the OCI image specification has it.
    pub(crate) fn image(&self, layers: &[String], diff_ids: &[String]) -> Value {
        let history: Vec<Value> = layers
            .iter()
            .map(|layer| json!({ "created": self.created, "created_by": format!("cofferdam {layer}") }))
            .collect();
        let mut image = json!({
            "created": self.created,
            "config": self.process(),
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
            "history": history,
        });
        if let (Some(image), Value::Object(platform)) = (image.as_object_mut(), self.platform()) {
            image.extend(platform);
        }
        image
    }

    pub(crate) fn platform(&self) -> Value {
        json!({ "architecture": self.architecture, "os": self.os })
    }

    /// How the image's process starts; what is not set is left out.
    fn process(&self) -> Value {
        let env: Vec<String> = self
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ports: BTreeMap<String, Value> = self
            .ports
            .iter()
            .map(|port| match port.contains('/') {
                true => (port.clone(), json!({})),
                false => (format!("{port}/tcp"), json!({})),
            })
            .collect();
        let entries = [
            (
                "Entrypoint",
                json!(self.entrypoint),
                self.entrypoint.is_empty(),
            ),
            ("Cmd", json!(self.cmd), self.cmd.is_empty()),
            ("Env", json!(env), env.is_empty()),
            ("Labels", json!(self.labels), self.labels.is_empty()),
            ("WorkingDir", json!(self.workdir), self.workdir.is_none()),
            ("User", json!(self.user), self.user.is_none()),
            ("ExposedPorts", json!(ports), ports.is_empty()),
        ];
        let set = entries.into_iter().filter(|(_, _, empty)| !empty);
        set.map(|(name, value, _)| (name.to_owned(), value))
            .collect()
    }
}

/// `2026-01-31T00:00:00Z`, with a fraction or an offset or without.
fn is_time(text: &str) -> bool {
    let shape = |shape: &str, text: &str| {
        shape.len() == text.len()
            && shape
                .chars()
                .zip(text.chars())
                .all(|(want, found)| match want {
                    '0' => found.is_ascii_digit(),
                    want => want == found,
                })
    };
    let Some((time, mut rest)) = text.split_at_checked(19) else {
        return false;
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if end.len() == fraction.len() {
            return false;
        }
        rest = end;
    }
    shape("0000-00-00T00:00:00", time)
        && (rest == "Z" || shape("+00:00", rest) || shape("-00:00", rest))
}
