package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"parley/internal/panics"
)

// Number is one of what a part of the node counts by itself, and tells together as an S.
type Number[S any] struct {
	Name, Help string
	// Labels are pairs of a name and a value.
	Labels []string
	// Gauge: it comes and goes; else it only grows.
	Gauge bool
	Of    func(S) float64
}

// Show shows numbers of a part, which is read once whenever somebody looks.
func Show[S any](m *Metrics, read func() S, numbers ...Number[S]) {
	p := &part[S]{read: read, numbers: numbers, panics: m.panics}
	for _, n := range numbers {
		labels := prometheus.Labels{}
		for i := 0; i+1 < len(n.Labels); i += 2 {
			labels[n.Labels[i]] = n.Labels[i+1]
		}
		p.descriptions = append(p.descriptions, prometheus.NewDesc(n.Name, n.Help, nil, labels))
	}
	m.registry.MustRegister(p)
}

// part is a [prometheus.Collector].
type part[S any] struct {
	read         func() S
	numbers      []Number[S]
	descriptions []*prometheus.Desc
	panics       *panics.Guard
}

// Describe is [prometheus.Collector]'s.
func (p *part[S]) Describe(into chan<- *prometheus.Desc) {
	for _, d := range p.descriptions {
		into <- d
	}
}

// Collect is [prometheus.Collector]'s. A part that panics shows nothing; the others are shown.
func (p *part[S]) Collect(into chan<- prometheus.Metric) {
	ctx := context.Background() //nolint:forbidigo // a collector is given none
	p.panics.Wrap(ctx, panics.Background, func() { p.collect(into) }, nil)()
}

func (p *part[S]) collect(into chan<- prometheus.Metric) {
	stats := p.read()
	for i, n := range p.numbers {
		kind := prometheus.CounterValue
		if n.Gauge {
			kind = prometheus.GaugeValue
		}
		into <- prometheus.MustNewConstMetric(p.descriptions[i], kind, n.Of(stats))
	}
}
