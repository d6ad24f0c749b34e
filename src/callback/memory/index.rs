//! Where the entries of a ring lie, by their keys.

/// How many entries a line has room for.
const WAYS: usize = 15;

/// Tells a slot that is taken from one that is empty.
const TAKEN: u32 = 1 << 31;

/// A hash table of slots with four bytes each: the last bits of an entry's number, and as many of
/// its key's as there is room for. Whether it is the key that is looked for, the ring tells.
///
/// A slot lies in the line that its key says, or in the first one after that which had room. A slot
/// of an entry that has died is an empty one, which nobody needs to say.
pub(super) struct Index {
    lines: Vec<Line>,
    /// The bits of a slot that are its number's.
    number: u32,
}

/// What a processor reads from memory at once.
#[derive(Clone)]
#[repr(align(64))]
struct Line {
    slots: [u32; WAYS],
    /// The last slot that found no room here and went on to the next line.
    passed: u32,
}

/// The entries that live: so many of those before the next one.
#[derive(Clone, Copy)]
pub(super) struct Living {
    pub(super) next: u64,
    pub(super) count: u32,
}

impl Index {
    /// The most entries that there can be places for.
    pub(super) const MAX: u32 = 1 << 28;

    /// For `size` entries that live.
    pub(super) fn new(size: u32) -> Self {
        // Three tenths stay free, so that few lines are full.
        let lines = usize::try_from(size).unwrap_or(usize::MAX);
        let lines = lines.saturating_mul(10) / 7 / WAYS + 1;
        let empty = Line {
            slots: [0; WAYS],
            passed: 0,
        };
        // A number is mistaken for a later one when four times as many have come, which a slot does
        // not live to see: every entry that comes to its line clears those that are dead.
        let numbers = 4 * size.clamp(1, Self::MAX).next_power_of_two();
        Self {
            lines: vec![empty; lines],
            number: numbers - 1,
        }
    }

    /// Looks at the entries that may have the key, by how many they are before the next one, until
    /// `look` finds something.
    pub(super) fn find<T>(
        &self,
        key: u64,
        living: Living,
        look: impl Fn(u32) -> Option<T>,
    ) -> Option<T> {
        let wanted = self.slot(key, 0);
        let mut at = self.home(key);
        for _ in 0..self.lines.len() {
            let line = self.lines.get(at)?;
            let alike = line
                .slots
                .iter()
                .filter(|slot| *slot & !self.number == wanted);
            let mut alive = alike.filter(|slot| self.lives(**slot, living));
            let found = alive.find_map(|slot| look(self.distance(*slot, living)));
            if found.is_some() || !self.lives(line.passed, living) {
                return found;
            }
            at = self.after(at);
        }
        None
    }

    /// Puts in the next entry.
    pub(super) fn put(&mut self, key: u64, living: Living) {
        let (new, number) = (self.slot(key, living.next), self.number);
        let mut at = self.home(key);
        for _ in 0..self.lines.len() {
            let after = self.after(at);
            let Some(line) = self.lines.get_mut(at) else {
                return;
            };
            let clear = |slot: &mut u32| *slot *= u32::from(lives(*slot, number, living));
            line.slots.iter_mut().for_each(clear);
            clear(&mut line.passed);
            if let Some(free) = line.slots.iter_mut().find(|slot| **slot == 0) {
                *free = new;
                return;
            }
            line.passed = new;
            at = after;
        }
    }

    fn slot(&self, key: u64, number: u64) -> u32 {
        TAKEN | low(key) & !self.number | low(number) & self.number
    }

    fn distance(&self, slot: u32, living: Living) -> u32 {
        distance(slot, self.number, living)
    }

    fn lives(&self, slot: u32, living: Living) -> bool {
        lives(slot, self.number, living)
    }

    /// The line of a key. The high bits say it, and the low ones are in the slot.
    fn home(&self, key: u64) -> usize {
        let scaled = u128::from(key) * self.lines.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or_default()
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 < self.lines.len() { at + 1 } else { 0 }
    }
}

/// How many entries before the next one it came.
fn distance(slot: u32, number: u32, living: Living) -> u32 {
    low(living.next).wrapping_sub(slot) & number
}

fn lives(slot: u32, number: u32, living: Living) -> bool {
    // An empty slot and the next entry are none of those before it.
    let before = distance(slot, number, living).wrapping_sub(1);
    slot & TAKEN != 0 && before < living.count
}

/// The low half.
fn low(number: u64) -> u32 {
    (number & u64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_a_processor_reads_at_once() {
        assert_eq!(size_of::<Line>(), 64);
    }

    #[test]
    fn a_slot_that_went_on_is_found_when_those_before_it_are_dead() {
        let mut index = Index::new(60);
        // All of the first line, and three more.
        let keys = 0..WAYS as u64 + 3;
        for key in keys.clone() {
            let count = key as u32;
            index.put(key, Living { next: key, count });
        }
        let next = keys.end;
        let found = |count, key: u64| {
            let look = |distance: u32| (next - u64::from(distance) == key).then_some(());
            index.find(key, Living { next, count }, look).is_some()
        };
        assert!(keys.clone().all(|key| found(18, key)));
        assert!(found(2, 17) && found(2, 16) && !found(2, 15));
        assert!(!found(18, 18));
    }
}
