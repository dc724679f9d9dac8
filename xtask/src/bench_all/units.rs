//! Numbers as people read them: three figures and a unit.

/// `812 ns`, `4.10 µs`, `12.3 ms`, `1.70 s`.
pub(super) fn time(ns: f64) -> String {
    let (scaled, unit) = match ns {
        ns if ns < 999.5 => (ns, "ns"),
        ns if ns < 999.5e3 => (ns / 1e3, "µs"),
        ns if ns < 999.5e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", figures(scaled))
}

/// `640 B`, `1.50 KiB`, `3.00 GiB`.
pub(super) fn bytes(count: f64) -> String {
    let mut scaled = count;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if scaled < 1023.5 {
            break;
        }
        scaled /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{scaled:.0} B") } else { format!("{} {unit}", figures(scaled)) }
}

/// `1.94×`, `12.0×`, `0.043×`.
pub(super) fn times(factor: f64) -> String {
    if factor < 0.0995 { format!("{factor:.3}×") } else { format!("{}×", figures(factor)) }
}

/// `93 %`, `1.2 %`, `0.05 %`.
pub(super) fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    match percent.abs() {
        size if size >= 9.95 => format!("{percent:.0} %"),
        size if size >= 0.095 => format!("{percent:.1} %"),
        _ => format!("{percent:.2} %"),
    }
}

/// Operations a second: `3.20 G`, `950 k`, `12.0`.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate >= 999.5e6 => format!("{} G", figures(rate / 1e9)),
        rate if rate >= 999.5e3 => format!("{} M", figures(rate / 1e6)),
        rate if rate >= 999.5 => format!("{} k", figures(rate / 1e3)),
        rate => figures(rate),
    }
}

/// Three figures, as far as that makes sense.
fn figures(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `1 core`, `2 cores`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(number)) }
}

/// `7,830`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, percent, rate, time, times};

    #[test]
    fn three_figures_and_a_unit() {
        assert_eq!(time(7.0), "7.00 ns");
        assert_eq!(time(4096.0), "4.10 µs");
        assert_eq!(time(999_600.0), "1.00 ms");
        assert_eq!(time(12_345_678_900.0), "12.3 s");
        assert_eq!((bytes(640.0), bytes(1536.0)), ("640 B".into(), "1.50 KiB".into()));
        assert_eq!((times(1.937), times(0.0431)), ("1.94×".into(), "0.043×".into()));
        assert_eq!(
            (percent(0.934), percent(0.0123), percent(0.0004)),
            ("93 %".into(), "1.2 %".into(), "0.04 %".into())
        );
        assert_eq!(rate(3.2e9), "3.20 G");
        assert_eq!((count(1, "core"), count(2, "core")), ("1 core".into(), "2 cores".into()));
        assert_eq!(
            (count(783, "row"), count(1_007_830, "row")),
            ("783 rows".into(), "1,007,830 rows".into())
        );
    }
}
