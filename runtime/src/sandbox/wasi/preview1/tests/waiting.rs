//! Clocks and `poll_oneoff`.

use super::*;

/// A subscription to a clock, or to a descriptor where there is none.
fn subscription(user_data: u64, tag: u8, what: u32, timeout: u64, absolute: bool) -> Vec<u8> {
    let mut record = vec![0; 48];
    record[..8].copy_from_slice(&user_data.to_le_bytes());
    record[8] = tag;
    record[16..20].copy_from_slice(&what.to_le_bytes());
    record[24..32].copy_from_slice(&timeout.to_le_bytes());
    record[40] = u8::from(absolute);
    record
}

#[test]
fn waiting_moves_the_clock_to_the_first_event() {
    let mut process = Process::start();
    let now = |process: &mut Process| {
        process
            .call(|call| call.clock_time_get(1, 0, ANSWER))
            .expect("a clock");
        process.long_answer()
    };
    let poll = |process: &mut Process, subscriptions: &[Vec<u8>]| {
        process.ask(&subscriptions.concat());
        let count = subscriptions.len() as u32;
        process
            .call(|call| call.poll_oneoff(ASKED, 2048, count, ANSWER))
            .expect("a list");
        let events = process.memory[2048..]
            .chunks(32)
            .take(process.answer() as usize);
        events
            .map(|event| (event[0], event[8], event[16]))
            .collect::<Vec<_>>()
    };
    let began = now(&mut process);
    let second = 1_000_000_000;
    let late = subscription(1, 0, 1, 9 * second, false);
    let soon = subscription(2, 0, 1, second, false);
    assert_eq!(poll(&mut process, &[late.clone(), soon]), [(2, 0, 0)]);
    let woke = now(&mut process);
    assert!((second..second + 10_000).contains(&(woke - began)));
    let instant = subscription(3, 0, 1, woke + second, true);
    let wall = subscription(4, 0, 0, 315_532_801 * second, true);
    assert_eq!(poll(&mut process, &[instant, wall]).len(), 2);
    let woke = now(&mut process);
    let events = [
        late,
        subscription(5, 1, 0, 0, false),
        subscription(6, 2, 1, 0, false),
        subscription(7, 1, 99, 0, false),
        subscription(8, 0, 77, 0, false),
    ];
    assert_eq!(
        poll(&mut process, &events),
        [(5, 0, 5), (6, 0, 0), (7, 8, 0), (8, 28, 0)]
    );
    assert!(now(&mut process) - woke < 10_000);
    assert_eq!(
        process.call(|call| call.poll_oneoff(ASKED, 2048, 0, ANSWER)),
        Err(Errno::Invalid)
    );
}
