//! What a serial part costs.

use std::num::NonZeroUsize;

/// The speedup of a problem of fixed size, of which the fraction `serial` (0 to 1) cannot be divided:
/// 1 / (f + (1 − f)/p).
///
/// Source: G. M. Amdahl, "Validity of the single processor approach to achieving large scale computing
/// capabilities", AFIPS 1967.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// let ten = NonZeroUsize::new(10).ok_or("zero")?;
/// assert!((par_core::laws::amdahl(0.1, ten) - 5.2632).abs() < 1e-4);
/// # Ok::<(), &str>(())
/// ```
pub fn amdahl(serial: f64, workers: NonZeroUsize) -> f64 {
    1.0 / (serial + (1.0 - serial) / workers.get() as f64)
}

/// The speedup of a problem that grows with the workers, of whose *parallel* run time the fraction `serial` (0 to 1)
/// is serial: p − s(p − 1).
///
/// Source: J. L. Gustafson, "Reevaluating Amdahl's law", Communications of the ACM 31(5), 1988.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// // The paper's own: a serial fraction of 0.4 % on 1024 processors.
/// let workers = NonZeroUsize::new(1024).ok_or("zero")?;
/// assert!((par_core::laws::gustafson(0.004, workers) - 1019.908).abs() < 1e-9);
/// # Ok::<(), &str>(())
/// ```
pub fn gustafson(serial: f64, workers: NonZeroUsize) -> f64 {
    let workers = workers.get() as f64;
    workers - serial * (workers - 1.0)
}

/// The serial fraction that a measured speedup amounts to: (1/S − 1/p) / (1 − 1/p).
///
/// When it grows with p, overhead and not a serial part is what limits; below 0 the speedup is superlinear.
/// `None` on one worker, where every program is serial.
///
/// Source: A. H. Karp, H. P. Flatt, "Measuring parallel processor performance", Communications of the ACM 33(5),
/// 1990.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// use par_core::laws::{amdahl, karp_flatt};
/// let eight = NonZeroUsize::new(8).ok_or("zero")?;
/// let serial = karp_flatt(amdahl(0.05, eight), eight).ok_or("one worker")?;
/// assert!((serial - 0.05).abs() < 1e-12);
/// # Ok::<(), &str>(())
/// ```
pub fn karp_flatt(speedup: f64, workers: NonZeroUsize) -> Option<f64> {
    let share = 1.0 / workers.get() as f64;
    (workers.get() > 1).then(|| (1.0 / speedup - share) / (1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_laws() {
        let workers = NonZeroUsize::new(16).expect("16 is not 0");
        for law in [amdahl, gustafson] {
            assert!((law(0.0, workers) - 16.0).abs() < 1e-12, "nothing serial: as many times as workers");
            assert!((law(1.0, workers) - 1.0).abs() < 1e-12, "all serial: nothing gained");
            assert!((law(0.3, NonZeroUsize::MIN) - 1.0).abs() < 1e-12, "one worker gains nothing");
        }
        assert_eq!(karp_flatt(1.0, NonZeroUsize::MIN), None);
        assert!(karp_flatt(17.0, workers).is_some_and(|serial| serial < 0.0));
    }
}
