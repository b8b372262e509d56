use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cofferdam_runtime::{ErrorKind, Level, LogLine, Summary};

use super::*;

const LOOK: Look = Look {
    paint: Paint::OFF,
    verbosity: Verbosity::Normal,
    live: false,
    only_news: false,
};

fn started(action: &str) -> Event {
    Event::Started {
        action: action.to_owned(),
        planned: 8,
    }
}

fn cached(action: &str) -> Event {
    Event::Cached {
        action: action.to_owned(),
        output: "4f0c1a2e".to_owned(),
        saved: Duration::from_millis(700),
    }
}

fn executed(action: &str) -> Event {
    Event::Executed {
        action: action.to_owned(),
        output: "91d3aa07".to_owned(),
        elapsed: Duration::from_micros(2_100),
    }
}

fn failed(action: &str) -> Event {
    Event::Failed {
        action: action.to_owned(),
        errors: vec![Error::new(ErrorKind::User, "1 broken link")],
        stdout: Vec::new(),
        stderr: b"\x1b[2Ja.md: no `b.md`\n\n  in line 3\n".to_vec(),
    }
}

fn log(level: Level, message: &str) -> Event {
    Event::Log {
        action: "docs:guide".to_owned(),
        line: LogLine {
            level,
            message: message.to_owned(),
            fields: vec![("line".to_owned(), "3".to_owned())],
        },
    }
}

fn finished(cached: usize, executed: usize, failed: usize, skipped: usize) -> Event {
    Event::Finished(Summary {
        actions: cached + executed + failed + skipped,
        cached,
        executed,
        failed,
        skipped,
        elapsed: Duration::from_millis(31),
        saved: Duration::from_millis(cached as u64 * 700),
    })
}

#[derive(Clone, Default)]
struct Stderr(Arc<Mutex<Vec<u8>>>);

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn shown(look: Look, events: &[Event], errors: &[Error]) -> String {
    let out = Stderr::default();
    let terminal = Terminal::new(look, Box::new(out.clone()), None, Cancel::default());
    events.iter().for_each(|event| terminal.tell(event));
    terminal.close(errors);
    let bytes = out.0.lock().unwrap().clone();
    // A first line keeps the snapshot from taking the margin away.
    format!("|\n{}", String::from_utf8(bytes).unwrap())
}

#[test]
fn a_run_is_told_in_aligned_lines() {
    let events = [
        Event::Notice {
            message: "pinned plugin `lint` at 1a2b3c4d".to_owned(),
        },
        Event::Compiling {
            component: "markdown".to_owned(),
        },
        Event::Compiled {
            component: "markdown".to_owned(),
            elapsed: Duration::from_secs(16),
        },
        cached("docs"),
        started("docs:guide"),
        log(Level::Info, "not shown"),
        log(Level::Warn, "a title\nis missing"),
        executed("docs:guide"),
        executed("a-rather-long-name"),
        cached("docs:index"),
        executed("site"),
        Event::Wrote {
            folder: "dist".to_owned(),
            files: 34,
            deleted: 2,
        },
        finished(2, 3, 0, 0),
    ];
    insta::assert_snapshot!(shown(LOOK, &events, &[]), @"
    |
          Notice pinned plugin `lint` at 1a2b3c4d
        Compiled markdown      16.0 s
          Cached docs          4f0c1a2e
         Warning docs:guide: a title is missing line=3
        Executed docs:guide    91d3aa07  2.1 ms
        Executed a-rather-long-name      91d3aa07  2.1 ms
        Executed site                    91d3aa07  2.1 ms
           Wrote dist: 34 files, 2 deleted
          Cached docs:index              4f0c1a2e
           Saved 1.4 s
         Summary 5 actions: 2 cached, 3 executed, 0 failed, 31 ms
    ");
}

#[test]
fn what_failed_is_repeated_once_if_more_followed() {
    let skipped = Event::Skipped {
        action: "site".to_owned(),
        because: "links".to_owned(),
    };
    let at_the_end = [
        executed("a"),
        failed("links"),
        skipped.clone(),
        finished(0, 1, 1, 1),
    ];
    insta::assert_snapshot!(shown(LOOK, &at_the_end, &[]), @"
    |
        Executed a             91d3aa07  2.1 ms
          Failed links
    error: 1 broken link
    stderr of `links`:
        a.md: no `b.md`

          in line 3
         Skipped site          because `links` failed
         Summary 3 actions: 0 cached, 1 executed, 1 failed, 1 skipped, 31 ms
    ");
    let in_between = [
        failed("links"),
        skipped,
        executed("a"),
        finished(0, 1, 1, 1),
    ];
    insta::assert_snapshot!(shown(LOOK, &in_between, &[]), @"
    |
          Failed links
    error: 1 broken link
    stderr of `links`:
        a.md: no `b.md`

          in line 3
         Skipped site          because `links` failed
        Executed a             91d3aa07  2.1 ms
          Failed links
    error: 1 broken link
    stderr of `links`:
        a.md: no `b.md`

          in line 3
         Summary 3 actions: 0 cached, 1 executed, 1 failed, 1 skipped, 31 ms
    ");
}

#[test]
fn many_cached_actions_are_counted_or_all_told() {
    let mut events: Vec<Event> = (0..212)
        .map(|page| cached(&format!("pages:{page}")))
        .collect();
    events.push(cached("pages"));
    events.push(finished(213, 0, 0, 0));
    insta::assert_snapshot!(shown(LOOK, &events, &[]), @"
    |
          Cached pages         4f0c1a2e
          Cached pages: 212 actions
           Saved 2 min 29 s
         Summary 213 actions: 213 cached, 0 executed, 0 failed, 31 ms
    ");
    let verbose = Look {
        verbosity: Verbosity::Verbose,
        ..LOOK
    };
    assert_eq!(shown(verbose, &events, &[]).lines().count(), 1 + 213 + 2);
}

#[test]
fn of_many_errors_the_first_are_shown_or_all() {
    let failed = Event::Failed {
        action: "links".to_owned(),
        errors: vec![Error::new(ErrorKind::User, "1 broken link"); 81],
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let events = [failed, finished(0, 0, 1, 0)];
    let text = shown(LOOK, &events, &[]);
    assert_eq!(text.matches("error: 1 broken link").count(), 20);
    assert!(text.contains("\n\n… and 61 more errors of `links`; `-v` shows them\n"));
    let verbose = Look {
        verbosity: Verbosity::Verbose,
        ..LOOK
    };
    let text = shown(verbose, &events, &[]);
    assert_eq!(text.matches("error: 1 broken link").count(), 81);
}

#[test]
fn quiet_is_errors_only_and_news_are_news() {
    let quiet = Look {
        verbosity: Verbosity::Quiet,
        ..LOOK
    };
    let events = [
        executed("a"),
        log(Level::Error, "no"),
        failed("links"),
        executed("b"),
        finished(0, 2, 1, 0),
    ];
    insta::assert_snapshot!(shown(quiet, &events, &[Error::config("and this")]), @"
    |
          Failed links
    error: 1 broken link
    stderr of `links`:
        a.md: no `b.md`

          in line 3
    error: and this
    ");
    let news = Look {
        only_news: true,
        ..LOOK
    };
    assert_eq!(
        shown(news, &[cached("a"), finished(1, 0, 0, 0)], &[]),
        "|\n"
    );
    insta::assert_snapshot!(shown(news, &[cached("a"), executed("b"), finished(1, 1, 0, 0)], &[]), @"
    |
        Executed b             91d3aa07  2.1 ms
         Summary 2 actions: 1 cached, 1 executed, 0 failed, 31 ms
    ");
}

#[test]
fn a_terminal_gets_the_same_lines() {
    let live = Look { live: true, ..LOOK };
    let events = [
        started("a"),
        executed("a"),
        cached("b"),
        failed("links"),
        finished(1, 1, 1, 0),
    ];
    let errors = [Error::environment("the disk is full")];
    assert_eq!(shown(live, &events, &errors), shown(LOOK, &events, &errors));
}

#[test]
fn rows_show_what_runs() {
    let begin = Instant::now();
    let after = |millis| begin + Duration::from_millis(millis);
    let mut live = Live::new(Paint::OFF, Cancel::default());
    for action in ["pages:a.md", "a", "b"] {
        live.tell(&started(action), begin);
    }
    assert_eq!(
        live.rows(after(10), 80, 24),
        Vec::<String>::new(),
        "not before it is worth it"
    );
    live.tell(&executed("a"), after(50));
    let progress = Event::Progress {
        action: "pages:a.md".to_owned(),
        done: 12,
        total: Some(40),
        message: "rendering".to_owned(),
    };
    live.tell(&progress, after(60));
    live.tell(&cached("c"), after(60));
    live.tell(&started("late"), after(1200));
    insta::assert_snapshot!(format!("|\n{}", live.rows(after(1234), 80, 24).join("\n")), @"
    |
       Executing pages:a.md   1.2 s  12/40 rendering
       Executing b            1.2 s  
         Running [======>                 ] 2/8  1 cached, 1 executed, 1.2 s
    ");
    insta::assert_snapshot!(format!("|\n{}", live.rows(after(1234), 30, 5).join("\n")), @"
    |
       Executing pages:a.md   1.…
                 and 1 more
         Running [======>       …
    ");
}

#[test]
fn drawn_rows_are_erased_before_the_next_line() {
    let out = Stderr::default();
    let mut screen = Screen::new(Box::new(out.clone()));
    screen.show("first\n", &["row 1".to_owned(), "row 2".to_owned()]);
    screen.show("second\n", &[]);
    screen.show("third\n", &[]);
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let drawn = "first\n\x1b[?7lrow 1\nrow 2\n\x1b[?7h";
    assert_eq!(text, format!("{drawn}\x1b[2F\x1b[Jsecond\nthird\n"));
}
