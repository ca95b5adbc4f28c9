package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// cell is one measurement of a case with a server.
type cell struct {
	events int
	// took is the time from the first send to the last delivery.
	took       time.Duration
	cpu        time.Duration // of the server, sends included
	database   time.Duration // the same of PostgreSQL
	statements map[string]int
	latencies  []time.Duration
	lost       int
	// baseline is the cost of the same sends without subscribers.
	baseline *cell
}

type cellKey struct {
	shape  string
	fields fields
	kind   kind
}

// perSend is the server's CPU for a message without subscribers, in µs.
func (c cell) perSend() float64 { return micro(c.baseline.cpu) / float64(c.baseline.events) }

// perDelivery is the server's CPU per delivered message, without the sends, in µs.
func (c cell) perDelivery() float64 {
	return (micro(c.cpu) - c.perSend()*float64(c.events)) / float64(max(len(c.latencies), 1))
}

// perMessage is the CPU of the server and that of PostgreSQL for a message with all of its
// deliveries, in µs.
func (c cell) perMessage() (server, database float64) {
	n := float64(max(c.events, 1))
	return micro(c.cpu) / n, micro(c.database) / n
}

// rate is the number of messages per second that were sent and delivered.
func (c cell) rate() float64 { return float64(c.events) / c.took.Seconds() }

// perEvent is the number of SQL statements of a message, and of the same message without
// subscribers.
func (c cell) perEvent() (all, baseline float64) {
	return float64(
			total(c.statements),
		) / float64(
			c.events,
		), float64(
			total(c.baseline.statements),
		) / float64(
			c.baseline.events,
		)
}

func total(counts map[string]int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}

// results are the measurements of all rounds, in the order of the cases.
type results struct {
	order []cellKey
	cells map[cellKey][]cell
}

func (r *results) add(key cellKey, c cell) {
	if !slices.Contains(r.order, key) {
		r.order = append(r.order, key)
	}
	r.cells[key] = append(r.cells[key], c)
}

func (r *results) printTables(out io.Writer, o options) {
	if len(r.order) == 0 {
		return
	}
	slices.SortStableFunc(r.order, func(a, b cellKey) int {
		return cmp.Or(cmp.Compare(a.shape, b.shape), cmp.Compare(a.fields, b.fields))
	})
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(
		table,
		"case\tfields\tserver\tCPU µs/delivery\t× bare\tp50 ms\tp99 ms\tCPU µs/send\tSQL/event\tof it live\tlost\t",
	)
	for _, key := range r.order {
		cells := r.cells[key]
		_, _ = fmt.Fprintf(
			table,
			"%s\t%s\t%s\t%.1f\t%s\t%s\t%s\t%.0f\t%.2f\t%.2f\t%d\t\n",
			key.shape,
			key.fields.label(),
			key.kind,
			medianOf(cells, cell.perDelivery),
			r.ratio(key, bare, cell.perDelivery),
			ms(medianPercentile(cells, 0.5)),
			ms(medianPercentile(cells, 0.99)),
			medianOf(cells, cell.perSend),
			medianOf(cells, func(c cell) float64 { all, _ := c.perEvent(); return all }),
			medianOf(
				cells,
				func(c cell) float64 { all, baseline := c.perEvent(); return all - baseline },
			),
			lost(cells),
		)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(
		out,
		"CPU is the server's, user and system. A send is an HTTP request, measured without subscribers and taken off the\n"+
			"deliveries; Parley's commits. SQL is Parley's; live happens only with subscribers. Medians of the rounds;\n"+
			"× bare is the median of each round's ratio. Latency is from before the send to after the read, commit included.\n"+
			"Stock has all its data in memory. In many rooms bare and stock are sent a batch a request, Parley a message a request.",
	)
	r.printMyEvents(out)
	r.printMessages(out)
	if o.statements {
		r.printStatements(out)
	}
}

// printMessages prints the cost of Parley's messages with their deliveries, beside the same messages
// without subscribers.
func (r *results) printMessages(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(
		table,
		"\nmessages with their deliveries\tserver\tCPU µs/message\t× parley\t× baseline\tPostgreSQL µs\t× baseline\tmessages/s\t× baseline\tSQL/message\t",
	)
	for _, key := range r.order {
		if !key.kind.executes() || key.fields != plain && key.fields != lists {
			continue
		}
		cells := r.cells[key]
		compare := func(value func(cell) float64) (figure, ratio float64) {
			return medianOf(cells, value),
				medianOf(cells, func(c cell) float64 { return value(c) / value(*c.baseline) })
		}
		serverOf := func(c cell) float64 { cpu, _ := c.perMessage(); return cpu }
		server, serverRatio := compare(serverOf)
		database, databaseRatio := compare(
			func(c cell) float64 { _, cpu := c.perMessage(); return cpu },
		)
		rate, rateRatio := compare(cell.rate)
		_, _ = fmt.Fprintf(
			table,
			"%s\t%s\t%.0f\t%s\t%.2f\t%.0f\t%.2f\t%.0f\t%.2f\t%.1f\t\n",
			key.shape,
			key.kind,
			server,
			r.ratio(key, parley, serverOf),
			serverRatio,
			database,
			databaseRatio,
			rate,
			rateRatio,
			medianOf(cells, func(c cell) float64 { all, _ := c.perEvent(); return all }),
		)
	}
	_ = table.Flush()
}

// printMyEvents prints what a delivery by myEvents costs beside the same by roomEvents.
func (r *results) printMyEvents(out io.Writer) {
	for _, key := range r.order {
		own, ok := r.cells[cellKey{key.shape, myEvents, key.kind}]
		if key.fields != roomEvents || !ok {
			continue
		}
		var ratios []float64
		for i, c := range r.cells[key] {
			ratios = append(ratios, own[i].perDelivery()/c.perDelivery())
		}
		_, _ = fmt.Fprintf(
			out,
			"\n%s: a delivery by myEvents costs %.2f × the CPU of one by roomEvents.\n",
			key.shape,
			median(ratios),
		)
	}
}

// ratio is the median of the rounds' ratios of a value to that of another server.
func (r *results) ratio(key cellKey, to kind, value func(cell) float64) string {
	return ratio(r.cells[key], r.cells[cellKey{key.shape, key.fields, to}], value)
}

// ratio is the median of the rounds' ratios of a value to that of other measurements.
func ratio[M any](of, to []M, value func(M) float64) string {
	if len(of) != len(to) || len(of) == 0 {
		return "–"
	}
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = value(of[i]) / value(to[i])
	}
	return fmt.Sprintf("%.2f", median(ratios))
}

func (r *results) printStatements(out io.Writer) {
	for _, key := range r.order {
		if key.kind != parley {
			continue
		}
		c := r.cells[key][0]
		for i, part := range []cell{*c.baseline, c} {
			_, _ = fmt.Fprintf(
				out,
				"\n%s, %s, %s: %d events\n",
				key.shape,
				key.fields,
				[]string{"no subscribers", "with subscribers"}[i],
				part.events,
			)
			for _, query := range slices.Sorted(maps.Keys(part.statements)) {
				_, _ = fmt.Fprintf(out, "%6d  %s\n", part.statements[query], query)
			}
		}
	}
}

func medianOf[M any](all []M, value func(M) float64) float64 {
	values := make([]float64, len(all))
	for i, m := range all {
		values[i] = value(m)
	}
	return median(values)
}

func medianPercentile(cells []cell, p float64) time.Duration {
	return time.Duration(
		medianOf(cells, func(c cell) float64 { return float64(percentile(c.latencies, p)) }),
	)
}

func lost(cells []cell) (n int) {
	for _, c := range cells {
		n += c.lost
	}
	return n
}

func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// percentile sorts its argument.
func percentile(latencies []time.Duration, p float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[min(int(p*float64(len(latencies))), len(latencies)-1)]
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", micro(d)/1000) }
