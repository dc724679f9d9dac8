//! Who, and what about: ranks and tags, and how a receiver selects them.

/// A member's place in its communicator, `0..size`.
pub type Rank = usize;

/// What a message is about: a small number that sender and receiver agree on.
///
/// The greatest is [`Tag::MAX`], the one that every MPI must take (MPI 4.1, §9.1.2), so that a program which runs in
/// one world runs in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Tag(pub u16);

impl Tag {
    /// The greatest tag, 32767.
    pub const MAX: Self = Self(32_767);
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// From whom a message is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// From whoever sends first; MPI's `ANY_SOURCE`.
    Any,
    /// From this rank.
    Rank(Rank),
}

impl Source {
    /// Whether a message from `rank` is wanted.
    pub fn matches(self, rank: Rank) -> bool {
        self == Self::Any || self == Self::Rank(rank)
    }
}

impl From<Rank> for Source {
    fn from(rank: Rank) -> Self {
        Self::Rank(rank)
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any rank"),
            Self::Rank(rank) => write!(f, "rank {rank}"),
        }
    }
}

/// Which tag is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TagSelector {
    /// Whatever comes first; MPI's `ANY_TAG`.
    Any,
    /// This tag.
    Tag(Tag),
}

impl TagSelector {
    /// Whether a message with `tag` is wanted.
    pub fn matches(self, tag: Tag) -> bool {
        self == Self::Any || self == Self::Tag(tag)
    }
}

impl From<Tag> for TagSelector {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl std::fmt::Display for TagSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any tag"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
        }
    }
}
