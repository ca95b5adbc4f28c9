package metrics

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"parley/internal/panics"
)

// Metric is a figure of a part of the node, which returns all of its figures together as an S. See
// [Counter] and [Gauge].
type Metric[S any] struct {
	kind        prometheus.ValueType
	description *prometheus.Desc
	value       func(S) float64
}

// Counter is a number that only grows. labels are pairs of a name and a value.
func Counter[S any, N int | int64 | float64](
	name, help string, value func(S) N, labels ...string,
) Metric[S] {
	pairs := prometheus.Labels{}
	for pair := range slices.Chunk(labels, 2) {
		pairs[pair[0]] = pair[1]
	}
	return Metric[S]{
		kind:        prometheus.CounterValue,
		description: prometheus.NewDesc(name, help, nil, pairs),
		value:       func(stats S) float64 { return float64(value(stats)) },
	}
}

// Gauge is a number that grows and falls. labels are pairs of a name and a value.
func Gauge[S any, N int | int64 | float64](
	name, help string, value func(S) N, labels ...string,
) Metric[S] {
	n := Counter(name, help, value, labels...)
	n.kind = prometheus.GaugeValue
	return n
}

// Register adds the metrics of a part. Each scrape calls read once.
func Register[S any](m *Metrics, read func() S, metrics ...Metric[S]) {
	m.registry.MustRegister(&collector[S]{read: read, metrics: metrics, panics: m.panics})
}

// collector is a [prometheus.Collector].
type collector[S any] struct {
	read    func() S
	metrics []Metric[S]
	panics  *panics.Guard
}

// Describe is [prometheus.Collector]'s.
func (p *collector[S]) Describe(into chan<- *prometheus.Desc) {
	for _, n := range p.metrics {
		into <- n.description
	}
}

// Collect is [prometheus.Collector]'s. A part that panics has no metrics in the scrape; the others
// have.
func (p *collector[S]) Collect(into chan<- prometheus.Metric) {
	ctx := context.Background() //nolint:forbidigo // a collector is given none
	p.panics.Wrap(ctx, panics.Background, func() { p.collect(into) }, nil)()
}

func (p *collector[S]) collect(into chan<- prometheus.Metric) {
	stats := p.read()
	for _, n := range p.metrics {
		into <- prometheus.MustNewConstMetric(n.description, n.kind, n.value(stats))
	}
}
