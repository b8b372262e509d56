//! Durations, sizes and dates.

use std::time::Duration;

/// `840 µs`, `2.1 ms`, `31 ms`, `1.2 s`, `2 min 03 s`.
pub fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..9_950 => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
        9_950..999_500 => format!("{:.0} ms", duration.as_secs_f64() * 1e3),
        999_500..59_950_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => {
            let seconds = (duration.as_secs_f64()).round() as u64;
            match seconds / 3600 {
                0 => format!("{} min {:02} s", seconds / 60, seconds % 60),
                hours => format!("{hours} h {:02} min", seconds / 60 % 60),
            }
        }
    }
}

const UNITS: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

/// `312 bytes`, `4.0 KiB`, `1.2 GiB`.
pub fn size(bytes: u64) -> String {
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} bytes"),
    }
}

/// Bytes of `500MiB`, `2 GiB`, `1.5G` or `4096`. `k`, `M`, `G` and `T` mean powers of 1024, with or without `iB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || format!("`{text}` is not a size; write it like `500MiB` or `2GiB`");
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim().to_ascii_lowercase();
    let factor = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1_u64 << 40,
        _ => return Err(wrong()),
    };
    Ok((number * factor as f64) as u64)
}

/// `2026-01-31 09:05:00Z` of seconds since 1970.
pub fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The day of the proleptic Gregorian calendar, from days since 1970. Years are counted from March,
/// so that a leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_two_digits() {
        let shown = |micros| duration(Duration::from_micros(micros));
        assert_eq!(shown(840), "840 µs");
        assert_eq!(shown(2_140), "2.1 ms");
        assert_eq!(shown(9_960), "10 ms");
        assert_eq!(shown(31_200), "31 ms");
        assert_eq!(shown(999_700), "1.0 s");
        assert_eq!(shown(59_960_000), "1 min 00 s");
        assert_eq!(shown(123_000_000), "2 min 03 s");
        assert_eq!(shown(7_380_000_000), "2 h 03 min");
    }

    #[test]
    fn sizes_go_both_ways() {
        assert_eq!(size(312), "312 bytes");
        assert_eq!(size(4096), "4.0 KiB");
        assert_eq!(size(3 << 29), "1.5 GiB");
        assert_eq!(parse_size("4096"), Ok(4096));
        assert_eq!(parse_size("1.5G"), Ok(3 << 29));
        assert_eq!(parse_size("500 MiB"), Ok(500 << 20));
        assert_eq!(parse_size("2kb"), Ok(2048));
        assert!(parse_size("many").is_err());
        assert!(parse_size("3 apples").is_err());
    }

    #[test]
    fn dates_know_leap_years() {
        assert_eq!(date(0), "1970-01-01 00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28 23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29 00:00:00Z");
        assert_eq!(date(1_767_225_599), "2025-12-31 23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01 00:00:00Z");
    }
}
