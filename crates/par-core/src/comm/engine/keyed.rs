//! Values that are found by a number which no later value gets.

/// The number of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) u64);

/// A slab: values at stable places, each with the number of its turn there.
#[derive(Debug)]
pub(super) struct Keyed<V> {
    places: Vec<(u32, Option<V>)>,
    free: Vec<usize>,
}

impl<V> Default for Keyed<V> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<V> Keyed<V> {
    pub(super) fn insert(&mut self, value: V) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            self.places.len() - 1
        });
        let place = &mut self.places[index];
        place.0 = place.0.wrapping_add(1);
        place.1 = Some(value);
        Key(u64::from(place.0) << 32 | index as u64)
    }

    fn index(&self, key: Key) -> Option<usize> {
        let index = (key.0 & u64::from(u32::MAX)) as usize;
        (u64::from(self.places.get(index)?.0) == key.0 >> 32).then_some(index)
    }

    pub(super) fn get(&self, key: Key) -> Option<&V> {
        self.places[self.index(key)?].1.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut V> {
        let index = self.index(key)?;
        self.places[index].1.as_mut()
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<V> {
        let index = self.index(key)?;
        let value = self.places[index].1.take()?;
        self.free.push(index);
        Some(value)
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        let keys = self.places.iter().enumerate().filter(|(_, place)| place.1.is_some());
        keys.map(|(index, place)| Key(u64::from(place.0) << 32 | index as u64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_used_once() {
        let mut keyed = Keyed::default();
        let first = keyed.insert('a');
        assert_eq!(keyed.remove(first), Some('a'));
        let second = keyed.insert('b');
        assert_ne!(first, second);
        assert_eq!((keyed.get(first), keyed.get(second)), (None, Some(&'b')));
        assert_eq!((keyed.remove(first), keyed.keys()), (None, vec![second]));
    }
}
