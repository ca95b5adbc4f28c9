package main

import (
	"fmt"
	"strconv"
	"strings"
)

// page is the comparison with Mercurius and with the bare server, in Markdown. Its tables have the
// headings and the columns of docs/performance.md, from which bench/charts draws charts.
type page struct {
	setup      string
	requests   requestResults
	deliveries *results
	idle       []idleOf
}

type idleOf struct {
	kind kind
	idle
}

// markdown returns the page.
func (p page) markdown() string {
	var text strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, format+"\n", args...) }
	table := func(columns ...string) {
		line("\n| %s |\n|%s", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	}
	row := func(cells ...string) { line("| %s |", strings.Join(cells, " | ")) }

	line("# Performance")
	line("\n`make bench-peers` has written this page. %s", p.setup)
	line(
		"\nThe figures are medians of the rounds, in which the servers alternate. Ratios are Parley's figure",
	)
	line(
		"divided by the other one. The server on Mercurius does not authorize its users as Parley does. All",
	)
	line("programs share the machine: other work on it makes the figures useless.")
	if len(p.requests) > 0 {
		p.writeRequests(table, row)
		line("\n![Requests per second](requests.svg) ![Server CPU per request](requests-cpu.svg)")
		line("\n## Floor of requests")
		line("\nThe floor is a server on net/http that sends the bytes of Parley's response.")
		p.writeRequestFloor(table, row)
		line("\n![Server CPU per request](floor-requests.svg)")
	}
	if len(p.deliveries.order) > 0 {
		line("\n## Deliveries")
		line("\nEach message is a mutation over HTTP, and the figures include these mutations.")
		p.writeDeliveries(table, row)
		line(
			"\n![Deliveries per second](deliveries.svg) ![Server CPU per delivery](deliveries-cpu.svg)",
		)
		line("\n## Floor of deliveries")
		line(
			"\nThe floor is a loop that writes prepared frames with the same WebSocket library. The sends are",
		)
		line("measured without subscribers and subtracted.")
		p.writeDeliveryFloor(table, row)
		line("\n![Server CPU per delivery](floor-deliveries.svg)")
	}
	if len(p.idle) > 0 {
		line("\n## Idle subscriptions")
		table("", "server", "memory a subscription")
		for _, m := range p.idle {
			row(fmt.Sprintf("%s sockets × %d", grouped(float64(m.sockets)), m.subscriptions),
				string(m.kind), fmt.Sprintf("%.1f KiB", m.collected/1024))
		}
	}
	return text.String()
}

func (p page) writeRequests(table, row func(...string)) {
	table("", "requests/s, Mercurius", "Parley", "ratio", "server CPU, Mercurius", "Parley",
		"p99, Mercurius", "Parley", "requests/s, Parley on SQLite")
	p99 := func(a requestResult) float64 { return a.latency(0.99) }
	for _, r := range requestsOf() {
		other, ours := p.requests[requestKey{r.name, mercurius}], p.requests[requestKey{r.name, parley}]
		onSQLite := "–"
		if all := p.requests[requestKey{r.name, sqlite}]; len(all) > 0 {
			onSQLite = grouped(medianOf(all, requestResult.rate))
		}
		row(
			r.name,
			grouped(medianOf(other, requestResult.rate)),
			grouped(medianOf(ours, requestResult.rate)),
			"× "+ratio(ours, other, requestResult.rate),
			microseconds(medianOf(other, requestResult.perRequest)),
			microseconds(medianOf(ours, requestResult.perRequest)),
			fmt.Sprintf("%.1f ms", medianOf(other, p99)),
			fmt.Sprintf("%.1f ms", medianOf(ours, p99)),
			onSQLite,
		)
	}
}

func (p page) writeDeliveries(table, row func(...string)) {
	table("", "Mercurius", "Parley", "ratio")
	cpu := func(c cell) float64 { return micro(c.cpu) / float64(max(len(c.latencies), 1)) }
	rate := func(c cell) float64 { return float64(len(c.latencies)) / c.took.Seconds() }
	for _, key := range p.deliveries.order {
		other := p.deliveries.cells[cellKey{key.shape, key.fields, mercurius}]
		if key.kind != parley || key.fields != plain || len(other) == 0 {
			continue
		}
		ours := p.deliveries.cells[key]
		row(key.shape+": server CPU a delivery", microseconds(medianOf(other, cpu)),
			microseconds(medianOf(ours, cpu)), "× "+ratio(ours, other, cpu))
		if !strings.HasSuffix(key.shape, saturated) {
			continue
		}
		row(key.shape+": deliveries/s", grouped(medianOf(other, rate)),
			grouped(medianOf(ours, rate)), "× "+ratio(ours, other, rate))
	}
}

func (p page) writeRequestFloor(table, row func(...string)) {
	table("", "server CPU, floor", "Parley", "ratio")
	for _, r := range requestsOf() {
		floor, ours := p.requests[requestKey{r.name, bare}], p.requests[requestKey{r.name, parley}]
		row(r.name, microseconds(medianOf(floor, requestResult.perRequest)),
			microseconds(medianOf(ours, requestResult.perRequest)),
			"× "+ratio(ours, floor, requestResult.perRequest))
	}
}

func (p page) writeDeliveryFloor(table, row func(...string)) {
	table("", "server CPU, floor", "Parley", "ratio")
	for _, key := range p.deliveries.order {
		floor := p.deliveries.cells[cellKey{key.shape, key.fields, bare}]
		if key.kind != parley || len(floor) == 0 {
			continue
		}
		ours := p.deliveries.cells[key]
		row(
			fmt.Sprintf("%s: %s", key.shape, key.fields.label()),
			microseconds(medianOf(floor, cell.perDelivery)),
			microseconds(
				medianOf(ours, cell.perDelivery),
			),
			"× "+ratio(ours, floor, cell.perDelivery),
		)
	}
}

// microseconds returns a time of so many µs, with a decimal if it is short.
func microseconds(n float64) string {
	if n < 100 {
		return fmt.Sprintf("%.1f µs", n)
	}
	return grouped(n) + " µs"
}

// grouped returns a number without decimals, and with commas between its thousands.
func grouped(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
