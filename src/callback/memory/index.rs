//! The index of a ring: maps keys to entries.

/// The number of slots in a line.
const WAYS: usize = 15;

/// The bit that marks a slot as used.
const TAKEN: u32 = 1 << 31;

/// A hash table with slots of four bytes. A slot holds the low bits of an entry's number, and as
/// many bits of its key as fit. The ring decides whether the full key matches.
///
/// A slot is stored in the line that its key selects, or in the first line after it that had room.
/// A slot whose entry has expired counts as empty, so expired slots need not be removed.
pub(super) struct Index {
    lines: Vec<Line>,
    /// The mask of the bits that hold the number.
    number: u32,
}

/// A cache line, the unit in which a processor reads memory.
#[derive(Clone)]
#[repr(align(64))]
struct Line {
    slots: [u32; WAYS],
    /// The last slot that found this line full and was stored in a later one.
    passed: u32,
}

/// The live entries: the last `count` before the number `next`.
#[derive(Clone, Copy)]
pub(super) struct Living {
    pub(super) next: u64,
    pub(super) count: u32,
}

impl Index {
    /// The maximum number of entries.
    pub(super) const MAX: u32 = 1 << 28;

    /// Creates an index for `size` live entries.
    pub(super) fn new(size: u32) -> Self {
        // Leaves three tenths of the slots free, so that few lines are full.
        let lines = usize::try_from(size).unwrap_or(usize::MAX);
        let lines = lines.saturating_mul(10) / 7 / WAYS + 1;
        let empty = Line {
            slots: [0; WAYS],
            passed: 0,
        };
        // Numbers wrap after at least four times the size. A slot does not survive that long: each
        // insertion into a line clears the line's expired slots.
        let numbers = 4 * size.clamp(1, Self::MAX).next_power_of_two();
        Self {
            lines: vec![empty; lines],
            number: numbers - 1,
        }
    }

    /// Calls `look` with the distance of each entry that may have the key, until it returns `Some`.
    /// The distance is counted back from the next entry.
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

    /// Inserts the next entry.
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

    /// Returns the line of a key. It is selected by the high bits; the low bits are in the slot.
    fn home(&self, key: u64) -> usize {
        let scaled = u128::from(key) * self.lines.len() as u128;
        usize::try_from(scaled >> 64).unwrap_or_default()
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 < self.lines.len() { at + 1 } else { 0 }
    }
}

/// Returns the distance of a slot's entry, counted back from the next entry.
fn distance(slot: u32, number: u32, living: Living) -> u32 {
    low(living.next).wrapping_sub(slot) & number
}

fn lives(slot: u32, number: u32, living: Living) -> bool {
    // The distance 0 (the next entry, or an empty slot) wraps to `u32::MAX` and fails the test.
    let before = distance(slot, number, living).wrapping_sub(1);
    slot & TAKEN != 0 && before < living.count
}

/// Returns the low 32 bits.
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
        // Fills the first line and adds three more entries.
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
