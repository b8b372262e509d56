//! An OCI image layout from trees: one layer for each need, the same bytes anywhere.
//!
//! The layout is what `skopeo copy oci:FOLDER:TAG` and `umoci unpack --image FOLDER:TAG` read.

mod blob;
mod config;
mod frames;
mod layer;

use cofferdam_plugin::{Failure, Request, Result, files, json, out};
use serde_json::json;

use blob::Blob;
use config::Config;

cofferdam_plugin::action!(run);

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn run(request: Request<Config>) -> Result {
    let Request { config, needs } = request;
    let layers = config.layers.as_ref().unwrap_or(&needs);
    if layers.is_empty() {
        return Err(Failure::config("an image needs layers: give the action `needs`").into());
    }
    if let Some(unknown) = layers.iter().find(|layer| !needs.contains(layer)) {
        let message = format!("at `layers`: `{unknown}` is not among the action's `needs`");
        return Err(Failure::config(message).into());
    }
    config.check()?;

    let mut descriptors = Vec::new();
    let mut diff_ids = Vec::new();
    for need in layers {
        let (blob, diff_id) = layer::write(need, &config)?;
        descriptors.push(blob.descriptor(config.compression.media_type()));
        diff_ids.push(diff_id);
    }
    let image = Blob::of_bytes(json(&config.image(layers, &diff_ids)).as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": image.descriptor(IMAGE_CONFIG),
        "layers": descriptors,
    });
    let manifest = Blob::of_bytes(json(&manifest).as_bytes())?;
    let mut entry = manifest.descriptor(MANIFEST);
    entry["platform"] = config.platform();
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": config.tag });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
    files::write(out().join("index.json"), json(&index))?;
    files::write(
        out().join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
}

#[cfg(test)]
mod tests;
