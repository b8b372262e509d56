//! Lines that are kept back because there may be thousands: they are counted, and told at the end.

/// How many lines are printed before the rest is counted.
const SHOWN: usize = 20;
/// A planner's actions are named if there are at most so many.
const NAMED: usize = 3;

/// Names in groups, in the order in which the groups began. A group is a planner, or all actions of the project file.
#[derive(Default)]
pub struct Held {
    groups: Vec<Group>,
    shown: usize,
}

struct Group {
    /// `None`: the project file's own actions.
    planner: Option<String>,
    count: usize,
    /// The first of them.
    first: Vec<(String, String)>,
}

/// What to print of a group at the end.
#[derive(PartialEq, Eq, Debug)]
pub enum Told {
    One(String, String),
    /// A planner and how many actions of it.
    Many(String, usize),
    /// Of the project file.
    More(usize),
}

impl Held {
    /// Returns whether to print this one now.
    pub fn add(&mut self, action: &str, note: &str) -> bool {
        let planner = action.split_once(':').map(|(planner, _)| planner);
        if planner.is_none() && self.shown < SHOWN {
            self.shown += 1;
            return true;
        }
        let group = self.group(planner);
        group.count += 1;
        if group.count <= NAMED {
            group.first.push((action.to_owned(), note.to_owned()));
        }
        false
    }

    /// Adds actions of a planner whose names were not told.
    pub fn add_unnamed(&mut self, planner: &str, count: usize) {
        self.group(Some(planner)).count += count;
    }

    fn group(&mut self, planner: Option<&str>) -> &mut Group {
        let known = self
            .groups
            .iter()
            .position(|group| group.planner.as_deref() == planner);
        match known {
            Some(known) => &mut self.groups[known],
            None => self.groups.push_mut(Group {
                planner: planner.map(str::to_owned),
                count: 0,
                first: Vec::new(),
            }),
        }
    }

    pub fn take(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        for group in std::mem::take(&mut self.groups) {
            match group.planner {
                Some(_) if group.count == group.first.len() => {
                    told.extend(
                        group
                            .first
                            .into_iter()
                            .map(|(action, note)| Told::One(action, note)),
                    );
                }
                Some(planner) => told.push(Told::Many(planner, group.count)),
                None => told.push(Told::More(group.count)),
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planners_are_counted_and_few_are_named() {
        let mut held = Held::default();
        assert!(held.add("pages", "1"));
        for number in 0..4 {
            assert!(!held.add(&format!("pages:{number}"), ""));
        }
        assert!(!held.add("css:a", "7"));
        let told = held.take();
        assert_eq!(
            told,
            [
                Told::Many("pages".to_owned(), 4),
                Told::One("css:a".to_owned(), "7".to_owned())
            ]
        );
        assert_eq!(held.take(), []);
    }

    #[test]
    fn the_rest_of_many_is_counted() {
        let mut held = Held::default();
        let printed = (0..50)
            .filter(|number| held.add(&format!("a{number}"), ""))
            .count();
        assert_eq!(
            (printed, held.take()),
            (SHOWN, vec![Told::More(50 - SHOWN)])
        );
    }
}
