package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// idle is the memory of sockets with subscriptions, in bytes per subscription.
type idle struct {
	sockets, subscriptions int
	// asIs is the growth of the process with the memory that the garbage collector has not returned,
	// and collected the growth without it.
	asIs, collected float64
	// heap and stacks are the live parts of it, as the runtime reports them; goroutines is a count.
	heap, stacks, goroutines float64
}

// measureIdle opens sockets with the given number of subscriptions each, to one room: o.idle in all.
func measureIdle(ctx context.Context, k kind, each int, o options) (m idle, err error) {
	fmt.Fprintf(os.Stderr, "%d idle subscriptions, %d a socket: %s\n", o.idle, each, k)
	t, err := prepare(ctx, k, o, 0)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, t.process.end()) }()
	begin := func(n int) ([]*subscriber, error) {
		subscribers, err := connectAll(t, n, func(int) string { return t.commonRoom })
		if err == nil {
			err = resubscribe(t, subscribers, 0, plain)
		}
		if err == nil {
			err = warmUp(t, subscribers, plain)
		}
		for _, s := range subscribers {
			for i := 2; i <= each && err == nil; i++ {
				err = s.subscribe(strconv.Itoa(i), plain.subscription())
			}
		}
		return subscribers, err
	}
	some, err := begin(10) // one-time allocations happen before the measurement
	closeAll(some)
	if err != nil {
		return m, err
	}
	sleep(ctx, 200*time.Millisecond)
	before, err := t.process.do("collect")
	if err != nil {
		return m, err
	}
	all, err := begin(o.idle / each)
	defer closeAll(all)
	if err != nil {
		return m, err
	}
	sleep(ctx, time.Second)
	asIs, err := t.process.do("usage")
	if err != nil {
		return m, err
	}
	collected, err := t.process.do("collect")
	if err == nil && k == parley && o.profile != "" {
		_, err = t.process.do("heap " + fmt.Sprintf("%s-idle-%d.heap", o.profile, each))
	}
	one := func(after, before int) float64 { return float64(after-before) / float64(o.idle) }
	return idle{
		sockets: o.idle / each, subscriptions: each,
		asIs:       one(asIs.RSS, before.RSS),
		collected:  one(collected.RSS, before.RSS),
		heap:       one(collected.Heap, before.Heap),
		stacks:     one(collected.Stacks, before.Stacks),
		goroutines: one(collected.Goroutines, before.Goroutines),
	}, err
}

func (m idle) print(out io.Writer, k kind) {
	_, _ = fmt.Fprintf(
		out,
		"idle, %d sockets × %d  %-7s %5.1f KiB a subscription (%.1f before a garbage collection): %.1f heap, %.1f stacks of %.1f goroutines\n",
		m.sockets,
		m.subscriptions,
		k,
		m.collected/1024,
		m.asIs/1024,
		m.heap/1024,
		m.stacks/1024,
		m.goroutines,
	)
}
