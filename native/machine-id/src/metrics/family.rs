//! One metric's series, by its labels.

use std::fmt::Debug;

use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::registry::{Metric as Encoded, Registry};

use super::list::{Kind, Metric};

/// A series' labels, in the order of the list.
pub(super) type Labels = Vec<(&'static str, String)>;

/// The series of one metric of the list.
#[derive(Clone, Debug)]
pub(super) struct Series<M, C = fn() -> M> {
    metric: Metric,
    family: Family<Labels, M, C>,
}

impl<M: Encoded + Clone + Default> Series<M> {
    pub(super) fn new(metric: Metric, registry: &mut Registry) -> Self
    where
        Family<Labels, M>: Encoded,
    {
        Self::made_by(metric, M::default, registry)
    }
}

impl<M: Clone, C: MetricConstructor<M> + Clone> Series<M, C> {
    pub(super) fn made_by(metric: Metric, constructor: C, registry: &mut Registry) -> Self
    where
        Family<Labels, M, C>: Encoded,
    {
        let family = Family::new_with_constructor(constructor);
        // The encoder adds what a counter's name ends with.
        let name = match metric.kind {
            Kind::Counter => metric.name.trim_end_matches("_total"),
            Kind::Gauge | Kind::Histogram => metric.name,
        };
        registry.register(name, metric.help, family.clone());
        Self { metric, family }
    }

    /// The series with these values of the labels, in the order of the list.
    pub(super) fn of<const N: usize>(&self, values: [&str; N]) -> M {
        debug_assert_eq!(self.metric.labels.len(), N, "{}", self.metric.name);
        let labels = self.metric.labels.iter().copied().zip(values.map(str::to_owned)).collect();
        self.family.get_or_create_owned(&labels)
    }
}
