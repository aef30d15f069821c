//! What a keeper's instance should be, read off the record. Pure.

use std::fmt;

use crate::record::{PoolRecord, Serving, Shipping};
use crate::term::Term;

/// What an instance should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// The pool's primary, in this term.
    Primary {
        /// The term that the record gives.
        term: Term,
    },
    /// The synchronous standby of its partner, ready to be promoted.
    Mirror {
        /// The partner's name.
        of: String,
    },
    /// A standby fed with WAL files from the share.
    Shipped {
        /// Whether the receiver runs; without it, what the share holds is still replayed.
        receiving: bool,
    },
    /// A standby of the site's first instance.
    Cascade {
        /// The partner's name.
        of: String,
    },
    /// A standby that streams from the other site's primary, before a move home.
    Follow {
        /// The other site's primary.
        of: String,
    },
    /// Stopped, because nobody knows yet who is primary.
    Held {
        /// What is waited for.
        why: String,
    },
}

/// The duty of instance `me` under `record`.
///
/// `partner` is the other instance of the same site; `leads` is true for the home and the backup
/// instance, false for their mirrors.
pub fn of(record: &PoolRecord, me: &str, partner: Option<&str>, leads: bool) -> Duty {
    let behind_partner = |fallback: Duty| match partner {
        Some(partner) if !leads => Duty::Cascade { of: partner.to_owned() },
        Some(_) | None => fallback,
    };
    match &record.serving {
        Serving::Here { primary } if primary == me => Duty::Primary { term: record.term },
        Serving::Here { primary } => Duty::Mirror { of: primary.clone() },
        Serving::Elsewhere => {
            let receiving = record.shipping == Shipping::Continuous;
            behind_partner(Duty::Shipped { receiving })
        }
        Serving::Following { upstream } => behind_partner(Duty::Follow { of: upstream.clone() }),
        Serving::Quarantine { why } => Duty::Held { why: why.clone() },
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Primary { term } => write!(f, "primary in term {term}"),
            Self::Mirror { of } => write!(f, "mirror of {of}"),
            Self::Shipped { receiving: true } => f.write_str("standby by log shipping"),
            Self::Shipped { receiving: false } => f.write_str("standby, log shipping removed"),
            Self::Cascade { of } => write!(f, "standby of {of}"),
            Self::Follow { of } => write!(f, "standby of {of}, to go home"),
            Self::Held { why } => write!(f, "held: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::of;
    use crate::record::{PoolRecord, Serving, Shipping};

    fn check(change: impl FnOnce(&mut PoolRecord), expected: &Expect) {
        let mut record = PoolRecord::at_home("first", Vec::new());
        change(&mut record);
        let said = format!(
            "first: {}\nsecond: {}\nalone: {}\n",
            of(&record, "first", Some("second"), true),
            of(&record, "second", Some("first"), false),
            of(&record, "first", None, true),
        );
        expected.assert_eq(&said);
    }

    #[test]
    fn every_serving_gives_each_instance_its_duty() {
        check(
            |_| {},
            &expect![[r"
            first: primary in term 1.0
            second: mirror of first
            alone: primary in term 1.0
        "]],
        );
        check(
            |record| record.serving = Serving::Here { primary: "second".to_owned() },
            &expect![[r"
            first: mirror of second
            second: primary in term 1.0
            alone: mirror of second
        "]],
        );
        check(
            |record| record.serving = Serving::Elsewhere,
            &expect![[r"
            first: standby, log shipping removed
            second: standby of first
            alone: standby, log shipping removed
        "]],
        );
        check(
            |record| {
                record.serving = Serving::Elsewhere;
                record.shipping = Shipping::Continuous;
            },
            &expect![[r"
                first: standby by log shipping
                second: standby of first
                alone: standby by log shipping
            "]],
        );
        check(
            |record| record.serving = Serving::Following { upstream: "far".to_owned() },
            &expect![[r"
                first: standby of far, to go home
                second: standby of first
                alone: standby of far, to go home
            "]],
        );
        check(
            |record| record.serving = Serving::Quarantine { why: "not heard".to_owned() },
            &expect![[r"
                first: held: not heard
                second: held: not heard
                alone: held: not heard
            "]],
        );
    }
}
