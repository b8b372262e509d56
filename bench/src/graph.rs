//! The graph that every tool builds, and what it must come to.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::work::work;

/// A balanced tree: action `i` reads the source `i` and the outputs of `2i + 1` and `2i + 2`.
#[derive(Clone)]
pub struct Graph {
    sources: Vec<Source>,
}

/// Each field is a line of the file; see `work` for what an edit of it does.
#[derive(Clone)]
struct Source {
    /// Passed over.
    comment: u64,
    /// Repeated in the output, and passed over there.
    note: u64,
    /// Enters this output and all that are made of it.
    number: u64,
}

impl Graph {
    pub fn new(size: usize) -> Graph {
        let sources = (0..size as u64).map(|index| Source {
            comment: 0,
            note: 0,
            number: index,
        });
        Graph {
            sources: sources.collect(),
        }
    }

    pub fn size(&self) -> usize {
        self.sources.len()
    }

    /// The last action: a leaf as deep as any.
    pub fn leaf(&self) -> usize {
        self.size() - 1
    }

    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> + use<> {
        let size = self.size();
        (2 * index + 1..2 * index + 3).filter(move |child| *child < size)
    }

    /// How many actions lie on the way from one to the root, both included.
    pub fn ancestors(&self, mut index: usize) -> usize {
        let mut count = 1;
        while index > 0 {
            index = (index - 1) / 2;
            count += 1;
        }
        count
    }

    pub fn edit_comment(&mut self, index: usize) {
        self.sources[index].comment += 1;
    }

    pub fn edit_note(&mut self, index: usize) {
        self.sources[index].note += 1;
    }

    pub fn edit_number(&mut self, index: usize) {
        self.sources[index].number += 1;
    }

    /// A few hundred bytes.
    fn text(&self, index: usize) -> String {
        let Source {
            comment,
            note,
            number,
        } = &self.sources[index];
        let mut text = format!("# comment {comment}\n% note {note}\n{number}\n");
        for filler in 0..30 {
            text += &format!("{}\n", 100_000 + filler * (index as u64 + 1));
        }
        text
    }

    /// The name of an action's source, from the folder.
    pub fn source(index: usize) -> String {
        format!("src/{index}.txt")
    }

    /// The name of its output.
    pub fn output(index: usize) -> String {
        format!("out/{index}.txt")
    }

    pub fn write_source(&self, folder: &Path, index: usize) -> Outcome {
        let path = folder.join(Graph::source(index));
        fs::write(&path, self.text(index))
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))
    }

    pub fn write_sources(&self, folder: &Path) -> Outcome {
        let made = fs::create_dir_all(folder.join("src"))
            .and_then(|()| fs::create_dir_all(folder.join("out")));
        made.map_err(|error| format!("cannot create `{}`: {error}", folder.display()))?;
        (0..self.size()).try_for_each(|index| self.write_source(folder, index))
    }

    /// What the outputs must be.
    pub fn outputs(&self) -> Vec<String> {
        let mut outputs = vec![String::new(); self.size()];
        for index in (0..self.size()).rev() {
            let source = self.text(index);
            let mut inputs = vec![source.as_str()];
            inputs.extend(self.children(index).map(|child| outputs[child].as_str()));
            outputs[index] = work(&inputs);
        }
        outputs
    }

    /// Fails unless the folder holds exactly the right outputs.
    pub fn check(&self, folder: &Path) -> Outcome {
        for (index, expected) in self.outputs().iter().enumerate() {
            let path = folder.join(Graph::output(index));
            if fs::read_to_string(&path).ok().as_deref() != Some(expected) {
                return Err(format!("`{}` is not what it should be", path.display()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(edit: impl FnOnce(&mut Graph)) -> Vec<usize> {
        let before = Graph::new(12);
        let mut after = before.clone();
        edit(&mut after);
        let pairs = before
            .outputs()
            .into_iter()
            .zip(after.outputs())
            .enumerate();
        pairs
            .filter(|(_, (before, after))| before != after)
            .map(|(index, _)| index)
            .collect()
    }

    #[test]
    fn each_edit_reaches_as_far_as_its_scenario_says() {
        assert_eq!(changed(|graph| graph.edit_number(11)), [0, 2, 5, 11]);
        assert_eq!(changed(|graph| graph.edit_note(11)), [11]);
        assert_eq!(changed(|graph| graph.edit_comment(0)), [] as [usize; 0]);
    }

    #[test]
    fn the_way_to_the_root_is_counted() {
        let graph = Graph::new(12);
        assert_eq!(graph.ancestors(graph.leaf()), 4);
        assert_eq!(graph.ancestors(0), 1);
        assert_eq!(graph.children(5).collect::<Vec<_>>(), [11]);
    }

    #[test]
    fn a_wrong_or_missing_output_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let graph = Graph::new(3);
        graph.write_sources(folder.path()).unwrap();
        assert!(graph.check(folder.path()).is_err());
        for (index, output) in graph.outputs().iter().enumerate() {
            fs::write(folder.path().join(Graph::output(index)), output).unwrap();
        }
        graph.check(folder.path()).unwrap();
        fs::write(folder.path().join("out/1.txt"), "1\n").unwrap();
        assert!(graph.check(folder.path()).is_err());
    }
}
