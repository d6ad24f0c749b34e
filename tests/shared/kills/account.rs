//! What became of the pushes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use super::fleet::Kill;
use super::handler::Run;
use super::pushes::{End, Sent};

/// The time in which an instance stores the end of a run: the longest that a store may take.
const STORED: Duration = Duration::from_millis(500);

#[derive(Default)]
pub struct Account {
    kills: usize,
    /// Deliveries beside the first of a push.
    sent_again: usize,
    /// Tries without an answer, by kind.
    failed_tries: BTreeMap<String, usize>,
    /// Deliveries without an answer to any of three tries.
    gave_up: Vec<String>,
    /// Deliveries that were answered with `success` instead of the reply.
    acknowledged: usize,
    /// Deliveries that were answered with the reply to another push.
    wrong: usize,
    /// Pushes without a run.
    lost: Vec<String>,
    /// Pushes with more than one run.
    twice: Twice,
}

/// Why a push was run again.
#[derive(Default)]
struct Twice {
    /// The first instance was killed between the end of the run and the answer.
    before_answer: usize,
    /// The first instance was killed after the answer, before it had stored the end of the run.
    before_stored: usize,
    /// For no reason.
    unexplained: Vec<String>,
}

pub fn of(sent: &[Sent], runs: &[Run], kills: &[Kill]) -> Account {
    let mut account = Account {
        kills: kills.len(),
        ..Account::default()
    };
    let mut runs_of: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, run) in runs.iter().enumerate() {
        runs_of.entry(run.push).or_default().push(number);
    }
    for Sent { push, deliveries } in sent {
        account.sent_again += deliveries.len() - 1;
        let mut seen = Vec::new();
        for delivery in deliveries {
            for kind in &delivery.failed {
                *account.failed_tries.entry(kind.clone()).or_default() += 1;
            }
            match &delivery.end {
                End::Reply(run) if runs[*run].push == *push => seen.push(*run),
                End::Reply(_) => account.wrong += 1,
                End::Success => account.acknowledged += 1,
                End::GaveUp => account
                    .gave_up
                    .push(format!("{push}: {:?}", delivery.failed)),
            }
        }
        let Some(numbers) = runs_of.get(push) else {
            account.lost.push(push.to_string());
            continue;
        };
        for pair in numbers.windows(2) {
            let (first, next) = (runs[pair[0]], runs[pair[1]]);
            let killed = kills.iter().any(|kill| {
                kill.instance == first.instance
                    && (first.at..=first.at + STORED).contains(&kill.at)
                    && kill.at < next.at
            });
            match (killed, seen.contains(&pair[0])) {
                (true, false) => account.twice.before_answer += 1,
                (true, true) => account.twice.before_stored += 1,
                (false, is_seen) => account.twice.unexplained.push(format!(
                    "{push}: by {} and after {:?} by {}, first reply seen: {is_seen}",
                    first.instance,
                    next.at - first.at,
                    next.instance,
                )),
            }
        }
    }
    account
}

impl Account {
    pub fn check(&self) {
        assert!(self.lost.is_empty(), "lost: {}", some(&self.lost));
        assert!(self.gave_up.is_empty(), "gave up: {}", some(&self.gave_up));
        assert_eq!((self.acknowledged, self.wrong), (0, 0));
        let unexplained = &self.twice.unexplained;
        assert!(unexplained.is_empty(), "twice: {}", some(unexplained));
        assert!(self.kills >= 3, "{} kills", self.kills);
    }
}

fn some(cases: &[String]) -> String {
    cases[..cases.len().min(20)].join("\n")
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { twice, .. } = self;
        writeln!(f, "{:6} kills", self.kills)?;
        writeln!(f, "{:6} sent again at random", self.sent_again)?;
        for (kind, count) in &self.failed_tries {
            writeln!(f, "{count:6} tries ended with {kind}")?;
        }
        writeln!(f, "{:6} deliveries without an answer", self.gave_up.len())?;
        writeln!(f, "{:6} answered with success", self.acknowledged)?;
        writeln!(f, "{:6} answered with a wrong reply", self.wrong)?;
        writeln!(f, "{:6} lost", self.lost.len())?;
        let (before_answer, before_stored) = (twice.before_answer, twice.before_stored);
        writeln!(f, "{before_answer:6} run again: killed before the answer")?;
        writeln!(
            f,
            "{before_stored:6} run again: killed before the end was stored"
        )?;
        write!(f, "{:6} run again for no reason", twice.unexplained.len())
    }
}
