//! How many tasks and dependences a graph has, from outside of its own code.

use super::{Graph, Pattern};

/// Tasks and dependences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) tasks: u64,
    pub(super) dependences: u64,
}

/// What Task Bench itself counts at 100 steps: pattern, width, tasks, dependences.
const PUBLISHED: [(Pattern, u32, u64, u64); 12] = [
    (Pattern::Tree, 4, 395, 394),
    (Pattern::Tree, 8, 783, 782),
    (Pattern::Tree, 16, 1551, 1550),
    (Pattern::Fft, 4, 400, 892),
    (Pattern::Fft, 8, 800, 1914),
    (Pattern::Fft, 16, 1600, 4018),
    (Pattern::RandomNearest, 4, 400, 561),
    (Pattern::RandomNearest, 8, 800, 1122),
    (Pattern::RandomNearest, 16, 1600, 2310),
    (Pattern::Dom, 4, 388, 675),
    (Pattern::Dom, 8, 744, 1387),
    (Pattern::Dom, 16, 1360, 2619),
];
const PUBLISHED_STEPS: u32 = 100;

/// The closed formulas of the regular patterns, Task Bench's own counts of the others at its published sizes, and
/// the graph's enumeration elsewhere.
pub(super) fn expected(graph: &Graph) -> Counts {
    let (steps, width) = (u64::from(graph.steps()), u64::from(graph.width()));
    let regular = |per_step: u64| Counts { tasks: steps * width, dependences: (steps - 1) * per_step };
    match graph.pattern() {
        Pattern::Trivial => regular(0),
        Pattern::NoComm => regular(width),
        Pattern::Stencil1d => regular(3 * width - 2),
        // Below that width a neighbour is met twice, which Task Bench has not.
        Pattern::Stencil1dPeriodic if width >= 3 => regular(3 * width),
        Pattern::AllToAll => regular(width * width),
        pattern => PUBLISHED
            .iter()
            .find(|row| graph.steps() == PUBLISHED_STEPS && (row.0, row.1) == (pattern, graph.width()))
            .map_or_else(
                || Counts { tasks: graph.tasks(), dependences: graph.dependences() },
                |&(_, _, tasks, dependences)| Counts { tasks, dependences },
            ),
    }
}
