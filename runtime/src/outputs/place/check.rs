//! Before anything is written: is there room for it?

use cofferdam_cache::{Digest, Node};

use crate::error::Error;
use crate::observe::Kind;
use crate::outputs::directory::Directory;
use crate::project::join;

use super::level::{differing, leaf_kind, leaf_value, of_name, subtree_of, subtrees, trees_of};
use super::{Request, failed, in_the_way, lost, open_top};

/// The error that names a file which is there, is to be written and was not written by us: before anything is.
pub fn check_free(request: &Request) -> Result<(), Error> {
    let (Some(wanted), top) = (request.tree, open_top(request)?) else {
        return Ok(());
    };
    let standing = request.standing;
    check_level(
        request,
        &top,
        request.folder,
        &wanted,
        request.owned,
        standing,
    )
}

fn check_level(
    request: &Request,
    directory: &Directory,
    path: &str,
    wanted: &Digest,
    owned: &[Digest],
    standing: Option<Digest>,
) -> Result<(), Error> {
    if owned.contains(wanted) {
        return Ok(());
    }
    let tree = request
        .trees
        .tree(wanted)
        .map_err(|fault| lost(path, &fault))?;
    let ours = trees_of(request, owned);
    let standing = standing.and_then(|digest| request.trees.tree(&digest).ok());
    for (name, node) in differing(tree.entries(), standing.as_deref()) {
        let before: Vec<&Node> = of_name(&ours, name.as_str());
        if before.contains(&node) {
            continue;
        }
        let below = join(path, name.as_str());
        let fail = |errno| failed(&below, errno);
        let there = directory.identity(name.as_str()).map_err(fail)?;
        match (there.kind, node) {
            (Kind::Absent, _) => {}
            (Kind::Directory, Node::Directory { digest, .. }) => {
                let inside = directory.open(name.as_str()).map_err(fail)?;
                let standing = subtree_of(standing.as_deref(), name);
                check_level(
                    request,
                    &inside,
                    &below,
                    digest,
                    &subtrees(&ours, name),
                    standing,
                )?;
            }
            // Placing goes on if nothing is in it.
            (Kind::Directory, _) => {}
            (kind, node) => {
                let (value, executable) = leaf_value(node);
                let is_it = || {
                    kind == leaf_kind(node)
                        && there.executable == executable
                        && directory.value(name.as_str(), kind) == Ok(value)
                };
                if before.is_empty() && !is_it() {
                    return Err(in_the_way(&below));
                }
            }
        }
    }
    Ok(())
}
