//! The laws of parallel speed-up, as functions: what was gained, what limits it, what more workers would bring.
//!
//! Each names its source. Nothing here measures; the numbers come from reports.
//!
//! | question | law |
//! |---|---|
//! | what was gained? | [`speedup`], [`efficiency`], [`cost`] |
//! | what limits it? | [`karp_flatt`], [`Usl`], [`work_span_bound`], [`roofline`] |
//! | what could be gained? | [`amdahl`], [`gustafson`], [`Usl::throughput_ratio`] |
//! | how short may a task be? | [`metg`] |

mod bounds;
mod cost;
mod metg;
mod scaling;
mod speedup;
mod student;
mod usl;

pub use bounds::{WorkSpan, roofline, work_span_bound};
pub use cost::cost;
pub use metg::{EfficiencyPoint, NoMetg, metg};
pub use scaling::{amdahl, gustafson, karp_flatt};
pub use speedup::{Baseline, Speedup, efficiency, speedup};
pub use usl::{Interval, NotIdentifiable, Throughput, Usl, UslMethod};
