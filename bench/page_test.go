package main

import (
	"testing"
	"time"

	"parley/internal/testkit/golden"
)

// TestPage: the report of known measurements is the one from which the test of bench/charts draws
// charts.
func TestPage(t *testing.T) {
	t.Parallel()
	const us = time.Microsecond
	took := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} // three rounds
	// cells and requests return measurements of n messages or requests that cost the server so much each.
	cells := func(n int, each time.Duration) (all []cell) {
		for _, d := range took {
			all = append(all, cell{
				events:    n,
				took:      d,
				cpu:       time.Duration(n) * each,
				latencies: make([]time.Duration, n),
				baseline:  &cell{events: n, cpu: time.Duration(n) * each / 4},
			})
		}
		return all
	}
	requests := func(n int, each time.Duration) (all []requestResult) {
		for _, d := range took {
			latencies := make([]time.Duration, n)
			for i := range n / 50 { // p99 is slow
				latencies[i] = 12 * time.Millisecond
			}
			all = append(
				all,
				requestResult{latencies: latencies, took: d, cpu: time.Duration(n) * each},
			)
		}
		return all
	}
	p := page{
		setup:      "On a machine of the test.",
		requests:   requestResults{},
		deliveries: &results{cells: map[cellKey][]cell{}},
		idle: []idleOf{
			{parley, idle{sockets: 5000, subscriptions: 1, collected: 12 << 10}},
			{mercurius, idle{sockets: 5000, subscriptions: 1, collected: 24 << 10}},
		},
	}
	add := func(key cellKey, all []cell) {
		for _, c := range all {
			p.deliveries.add(key, c)
		}
	}
	for _, r := range requestsOf() {
		for k, each := range map[kind]time.Duration{
			bare: 25 * us, parley: 100 * us, mercurius: 200 * us, sqlite: 80 * us,
		} {
			n := 2000
			if k == parley {
				n = 4000
			}
			p.requests[requestKey{r.name, k}] = requests(n, each)
		}
	}
	for _, shape := range []string{"1 room × 1000", "1000 rooms × 1" + saturated} {
		for _, k := range []kind{bare, parley, mercurius} {
			each := map[kind]time.Duration{bare: 8 * us, parley: 12 * us, mercurius: 24 * us}[k]
			if k != bare || shape == "1 room × 1000" {
				add(cellKey{shape, plain, k}, cells(3000, each))
			}
		}
	}
	add(
		cellKey{"1 room × 1000", withFrom, parley},
		cells(3000, time.Millisecond),
	) // without a floor
	golden.Check(t, "charts/testdata/report.golden", p.markdown(), "go test ./bench -update")
}
