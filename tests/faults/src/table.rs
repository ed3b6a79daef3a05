//! What is shown at the end.

use std::fmt;

/// One kind of fault.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What was done.
    pub name: String,
    /// How often.
    pub count: usize,
    /// What else is worth knowing.
    pub note: String,
    /// Broken promises.
    pub violations: Vec<String>,
    /// Why it could not be done here.
    pub skipped: Option<String>,
}

impl Row {
    /// A row without any count yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A row that this machine can't do.
    #[must_use]
    pub fn skipped(name: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { name: name.into(), skipped: Some(why.to_string()), ..Self::default() }
    }

    /// As a line of the table.
    #[must_use]
    pub fn line(&self, width: usize) -> String {
        let Self { name, count, note, violations, skipped } = self;
        match skipped {
            Some(why) => format!("{name:width$}  SKIPPED: {why}"),
            None => format!("{name:width$}  {count:>7}  {:>10}  {note}", violations.len()).trim_end().to_owned(),
        }
    }

    /// Counts one case and its violations.
    pub fn case(&mut self, violations: impl IntoIterator<Item = String>) {
        self.count += 1;
        self.violations.extend(violations);
    }
}

/// All rows.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<Row>);

impl Table {
    /// Whether every promise was kept.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.0.iter().all(|row| row.violations.is_empty())
    }

    /// Cases of all rows.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.0.iter().map(|row| row.count).sum()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        let width = self.0.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        writeln!(f, "{:width$}  {:>7}  {:>10}  note", "fault", "cases", "violations")?;
        for row in &self.0 {
            writeln!(f, "{}", row.line(width))?;
        }
        let violations: usize = self.0.iter().map(|row| row.violations.len()).sum();
        writeln!(f, "{:width$}  {:>7}  {violations:>10}", "all", self.cases())?;
        for row in self.0.iter().filter(|row| !row.violations.is_empty()) {
            for violation in row.violations.iter().take(SHOWN) {
                writeln!(f, "VIOLATION {}: {violation}", row.name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_shows_and_a_skipped_row_says_why_without_passing_as_done() {
        let mut bad = Row::new("bad");
        bad.case(Vec::new());
        bad.case(["it broke".to_owned()]);
        let skipped = Row::skipped("not here", "needs root");
        assert!(Table(vec![skipped.clone()]).is_clean());
        let table = Table(vec![bad, skipped]);
        assert!(!table.is_clean());
        assert_eq!(table.cases(), 2);
        let text = table.to_string();
        assert!(text.contains("not here  SKIPPED: needs root\n"), "{text}");
        assert!(text.contains("VIOLATION bad: it broke\n"), "{text}");
    }
}
