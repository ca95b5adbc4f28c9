package metrics

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"parley/internal/panics"
)

// Number is a figure of a part of the node, which returns all of its figures together as an S. See
// [Counter] and [Gauge].
type Number[S any] struct {
	kind        prometheus.ValueType
	description *prometheus.Desc
	of          func(S) float64
}

// Counter is a number that only grows. labels are pairs of a name and a value.
func Counter[S any, N int | int64 | float64](
	name, help string, of func(S) N, labels ...string,
) Number[S] {
	pairs := prometheus.Labels{}
	for pair := range slices.Chunk(labels, 2) {
		pairs[pair[0]] = pair[1]
	}
	return Number[S]{
		kind:        prometheus.CounterValue,
		description: prometheus.NewDesc(name, help, nil, pairs),
		of:          func(stats S) float64 { return float64(of(stats)) },
	}
}

// Gauge is a number that grows and falls. labels are pairs of a name and a value.
func Gauge[S any, N int | int64 | float64](
	name, help string, of func(S) N, labels ...string,
) Number[S] {
	n := Counter(name, help, of, labels...)
	n.kind = prometheus.GaugeValue
	return n
}

// Show shows numbers of a part. It calls read once for each time that the metrics are read.
func Show[S any](m *Metrics, read func() S, numbers ...Number[S]) {
	m.registry.MustRegister(&part[S]{read: read, numbers: numbers, panics: m.panics})
}

// part is a [prometheus.Collector].
type part[S any] struct {
	read    func() S
	numbers []Number[S]
	panics  *panics.Guard
}

// Describe is [prometheus.Collector]'s.
func (p *part[S]) Describe(into chan<- *prometheus.Desc) {
	for _, n := range p.numbers {
		into <- n.description
	}
}

// Collect is [prometheus.Collector]'s. A part that panics shows nothing; the others are shown.
func (p *part[S]) Collect(into chan<- prometheus.Metric) {
	ctx := context.Background() //nolint:forbidigo // a collector is given none
	p.panics.Wrap(ctx, panics.Background, func() { p.collect(into) }, nil)()
}

func (p *part[S]) collect(into chan<- prometheus.Metric) {
	stats := p.read()
	for _, n := range p.numbers {
		into <- prometheus.MustNewConstMetric(n.description, n.kind, n.of(stats))
	}
}
