package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// shape says how subscribers are distributed over rooms, and what they subscribe to.
type shape struct {
	name   string
	spread bool // one room per subscriber, else one for all
	// rate is the number of messages per second; 0 is as many as the server accepts.
	rate   float64
	fields []fields // measured one after the other
	kinds  []kind   // the servers that support it
	// profile is the suffix of the name of its profile.
	profile string
}

// shapes are the cases of a run.
func shapes(o options) []shape {
	all, selections := []kind{bare, stock, parley, mercurius}, []fields{plain, withFrom, withRoom}
	room, many := fmt.Sprintf(
		"1 room × %d",
		o.subscribers,
	), fmt.Sprintf(
		"%d rooms × 1",
		o.subscribers,
	)
	cases := []shape{
		{room, false, o.oneRoom, selections, all, "-one.cpu"},
		{
			room + ", events",
			false,
			o.oneRoom,
			[]fields{roomEvents, myEvents},
			[]kind{parley},
			"-events.cpu",
		},
		{many, true, o.spread, selections, all, "-many.cpu"},
		{
			many + saturated,
			true,
			0,
			[]fields{plain},
			[]kind{parley, mercurius},
			"-saturated.cpu",
		},
		{room + ", lists", false, listRate, []fields{lists}, []kind{parley}, "-lists.cpu"},
	}
	return slices.DeleteFunc(cases, func(s shape) bool { return !strings.Contains(s.name, o.only) })
}

// saturated is the end of the name of a case in which the server gets as many messages as it accepts.
const saturated = ", saturated"

// listRate is the number of messages per second to a room in lists, which show at most four of its
// changes per second.
const listRate = 3

// run measures everything, prints the tables, and writes the report.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	begin := time.Now()
	p := page{setup: o.setup(begin)}
	if o.postgres {
		if o.database, err = startDatabase(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, o.database.stop(ctx)) }()
	}
	p.setup += o.software(ctx)
	p.deliveries = &results{cells: make(map[cellKey][]cell)}
	if err := measureDeliveries(ctx, o, p.deliveries); err != nil {
		return err
	}
	p.deliveries.printTables(out, o)
	if o.requests && strings.Contains("requests", o.only) {
		if p.requests, err = measureRequests(ctx, o); err != nil {
			return fmt.Errorf("requests: %w", err)
		}
		p.requests.printTable(out, o.requestKinds())
	}
	if o.idle > 0 && strings.Contains("idle", o.only) {
		for _, each := range []int{1, 10} {
			for _, k := range o.kinds {
				if k == bare && each > 1 || k == sqlite {
					continue // bare has no subscriptions, and those of Parley do not depend on the database
				}
				m, err := measureIdle(ctx, k, each, o)
				if err != nil {
					return fmt.Errorf("idle subscriptions of %s: %w", k, err)
				}
				m.print(out, k)
				p.idle = append(p.idle, idleOf{k, m})
			}
		}
	}
	if strings.Contains("stalled", o.only) {
		for _, k := range o.stalled {
			s, err := measureStalled(ctx, k, o)
			if err != nil {
				return fmt.Errorf("a stalled reader of %s: %w", k, err)
			}
			s.print(out, k)
		}
	}
	if o.report != "" {
		//nolint:gosec // the report is public
		if err := os.WriteFile(o.report, []byte(p.markdown()), 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	_, err = fmt.Fprintf(out, "\n%.0f s\n", time.Since(begin).Seconds())
	return err
}

// measureDeliveries measures each case with each server, in turns.
func measureDeliveries(ctx context.Context, o options, r *results) (err error) {
	cases := shapes(o)
	if len(cases) == 0 {
		return nil
	}
	targets := make(map[kind]*target)
	defer func() {
		for _, t := range targets {
			err = errors.Join(err, t.process.end())
		}
	}()
	for _, k := range o.kinds {
		t, err := prepare(ctx, k, o, 0)
		if err != nil {
			return err
		}
		targets[k] = t
	}
	for round := range o.rounds {
		for _, s := range cases {
			for _, k := range o.kinds {
				if !slices.Contains(s.kinds, k) {
					continue
				}
				fmt.Fprintf(os.Stderr, "round %d of %d: %s, %s\n", round+1, o.rounds, s.name, k)
				if err := measureShape(targets[k], s, o, r); err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, k, err)
				}
			}
		}
	}
	return nil
}

// measureShape measures the sends of one server without subscribers, and then with subscribers for
// each selection of fields.
func measureShape(t *target, s shape, o options, r *results) error {
	rooms := []string{t.commonRoom}
	if s.spread {
		rooms = t.rooms
	}
	baseline, err := measure(t, rooms, plain, s.rate, o.length, nil)
	if err != nil {
		return err
	}
	subscribers, err := connectAll(t, o.subscribers, func(i int) string {
		if s.spread {
			return t.rooms[i]
		}
		return t.commonRoom
	})
	defer closeAll(subscribers)
	if err != nil {
		return err
	}
	for i, f := range s.fields {
		if err := resubscribe(t, subscribers, i, f); err != nil {
			return err
		}
		if err := warmUp(t, subscribers, f); err != nil {
			return err
		}
		profiled := o.profile != "" && t.process.kind == parley && i == 0
		if profiled {
			if _, err := t.process.do("profile " + o.profile + s.profile); err != nil {
				return err
			}
		}
		c, err := measure(t, rooms, f, s.rate, o.length, subscribers)
		if profiled {
			_, failed := t.process.do("profiled")
			err = errors.Join(err, failed)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		c.baseline = &baseline
		r.add(cellKey{s.name, f, t.process.kind}, c)
	}
	return nil
}

func connectAll(t *target, n int, room func(i int) string) ([]*subscriber, error) {
	subscribers := make([]*subscriber, n)
	err := inParallel(n, func(i int) error {
		var err error
		subscribers[i], err = connect(t, room(i), readerID(i%len(t.rooms)), 0)
		return err
	})
	return subscribers, err
}

func closeAll(subscribers []*subscriber) {
	for _, s := range subscribers {
		if s != nil {
			s.close()
		}
	}
}

// resubscribe ends the subscriptions numbered n-1, if n > 0, and begins those numbered n.
func resubscribe(t *target, subscribers []*subscriber, n int, f fields) error {
	if t.process.kind == bare {
		return nil
	}
	return inParallel(len(subscribers), func(i int) error {
		s := subscribers[i]
		if n > 0 {
			if err := s.complete(fmt.Sprint(n)); err != nil {
				return err
			}
		}
		return s.subscribe(fmt.Sprint(n+1), f.subscription())
	})
}

// warmUp sends until every subscriber receives messages: no other signal shows that a subscription
// has begun.
func warmUp(t *target, subscribers []*subscriber, f fields) error {
	for range 50 {
		waiting := make(map[string]bool)
		for _, s := range subscribers {
			if s.seen.Load() != t.sent[s.room].Load() || s.seen.Load() == 0 {
				waiting[s.room] = true
			}
		}
		if len(waiting) == 0 { // from the previous selection
			for _, s := range subscribers {
				waiting[s.room] = true
			}
		}
		rooms := slices.Collect(maps.Keys(waiting))
		if err := inParallel(
			len(rooms),
			func(i int) error { return t.send(rooms[i:i+1], f) },
		); err != nil {
			return err
		}
		if caughtUp(t, subscribers, 500*time.Millisecond) {
			return nil
		}
	}
	return errors.New("some subscriptions never begin")
}

// caughtUp waits until every subscriber has the last message of its room.
func caughtUp(t *target, subscribers []*subscriber, timeout time.Duration) bool {
	deadline := time.Now().Add(timeout)
	for _, s := range subscribers {
		for s.seen.Load() != t.sent[s.room].Load() {
			if time.Now().After(deadline) {
				return false
			}
			sleep(t.ctx, 2*time.Millisecond)
		}
	}
	return true
}

// measure sends for a time and returns the cost to the server and what the subscribers received.
func measure(
	t *target,
	rooms []string,
	f fields,
	rate float64,
	length time.Duration,
	subscribers []*subscriber,
) (cell, error) {
	var c cell
	for _, s := range subscribers {
		s.reset()
	}
	before, err := t.process.do("usage")
	if err != nil {
		return c, err
	}
	databaseBefore, err := t.database.cpu()
	if err != nil {
		return c, err
	}
	begin := time.Now()
	if c.events, err = t.publish(rooms, f, rate, length); err != nil {
		return c, err
	}
	complete := caughtUp(t, subscribers, 10*time.Second)
	c.took = time.Since(begin)
	after, err := t.process.do("usage")
	if err != nil {
		return c, err
	}
	databaseAfter, err := t.database.cpu()
	if err != nil {
		return c, err
	}
	c.database = databaseAfter - databaseBefore
	c.cpu = after.CPU - before.CPU
	c.statements = make(map[string]int)
	for query, n := range after.Statements {
		if n -= before.Statements[query]; n > 0 {
			c.statements[query] = n
		}
	}
	for _, s := range subscribers {
		latencies, ended := s.result()
		if ended != nil {
			return c, ended
		}
		c.latencies = append(c.latencies, latencies...)
		c.lost += int(s.lost.Load())
		if !complete {
			c.lost += int(t.sent[s.room].Load() - s.seen.Load())
		}
	}
	return c, nil
}
