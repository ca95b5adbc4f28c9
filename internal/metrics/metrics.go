// Package metrics holds what a node counts and times, for Prometheus. It knows nothing of what it
// counts: app tells it.
//
// Labels are few and known beforehand: names that clients choose are none of them.
package metrics

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/internal/panics"
)

// Metrics are those of one node.
type Metrics struct {
	registry   *prometheus.Registry
	panics     *panics.Guard
	operations *prometheus.HistogramVec
	requests   *prometheus.HistogramVec
	streams    *prometheus.CounterVec
	closed     *prometheus.CounterVec
	tooSlow    prometheus.Counter
}

// New returns metrics that have counted nothing yet, of a program of a version. guard contains the
// panics of what is shown: the registry reads it in goroutines of its own.
func New(version string, guard *panics.Guard) *Metrics {
	// From a cached read to an operation's time limit.
	buckets := []float64{
		0.0005,
		0.001,
		0.0025,
		0.005,
		0.01,
		0.025,
		0.05,
		0.1,
		0.25,
		0.5,
		1,
		2.5,
		5,
		10,
		30,
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		panics:   guard,
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "parley_operation_duration_seconds",
			Buckets: buckets,
			Help:    "Time of a query or mutation, by the field of the schema it asks for (several: more than one) and by its outcome, ok, the code of its first error, or CANCELLED if the client had gone.",
		}, []string{"kind", "field", "outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "parley_http_request_duration_seconds",
			Buckets: buckets,
			Help:    "Time of an HTTP request, by route and status. A WebSocket's ends with its handshake.",
		}, []string{"route", "status"}),
		streams: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_subscription_requests_total",
			Help: "Subscriptions that were asked for, by field and outcome.",
		}, []string{"field", "outcome"}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_sockets_closed_total",
			Help: "WebSockets closed by the server, by close code.",
		}, []string{"code"}),
	}
	m.tooSlow = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "parley_sockets_too_slow_total",
		Help: "WebSockets cut off because their client did not take what was sent to it in time.",
	})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "parley_build_info",
		Help: "1, with the version of the program, its commit, and the version of Go.",
		ConstLabels: prometheus.Labels{
			"version": version, "revision": revision(), "goversion": runtime.Version(),
		},
	})
	build.Set(1)
	m.registry.MustRegister(
		m.operations,
		m.requests,
		m.streams,
		m.closed,
		m.tooSlow,
		build,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// revision returns the commit of which the program was built, if the Go tool has recorded it.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "unknown"
}

// Operation counts an operation that was answered: kind is query, mutation or subscription. Of
// subscriptions it is not timed how they begin.
func (m *Metrics) Operation(kind, field, outcome string, took time.Duration) {
	if kind == "subscription" {
		m.streams.WithLabelValues(field, outcome).Inc()
		return
	}
	m.operations.WithLabelValues(kind, field, outcome).Observe(took.Seconds())
}

// Request counts an HTTP request.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

// SocketClosed counts a WebSocket that the server has closed.
func (m *Metrics) SocketClosed(code uint16) {
	m.closed.WithLabelValues(strconv.Itoa(int(code))).Inc()
}

// SocketTooSlow counts a WebSocket that was cut off for being too slow.
func (m *Metrics) SocketTooSlow() { m.tooSlow.Inc() }

// Handler answers with all of it in Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
