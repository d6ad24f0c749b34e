//! Quantiles of the values of many rounds.

/// Sorted values.
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// Returns the quantile at `share`, between 0 and 1, with linear interpolation.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = share * last as f64;
        let at = |index: usize| self.0.get(index).copied().unwrap_or(f64::NAN);
        let (low, high) = (at(place as usize), at(place.ceil() as usize));
        low + (high - low) * place.fract()
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}
