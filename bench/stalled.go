package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const (
	// The stalled reader has small kernel buffers, so that few messages fill them.
	smallBuffer = 4 << 10
	// stallLimit is how long the test observes a stalled reader.
	stallLimit = 25 * time.Second
)

// stall is the effect of a reader that stops reading on the others.
type stall struct {
	others int
	// without and during are p50 and p99, each the median over the seconds, since a busy machine has
	// outliers.
	without, during [2]time.Duration
	lost            int
	// closed is the time from the last read until the server closed the socket, 0 if it never did.
	// code is the code of the close frame, 0 if there was none.
	closed time.Duration
	code   uint16
}

// measureStalled measures the latency of a room, then again while one of its readers does not read,
// until the server closes that reader.
func measureStalled(ctx context.Context, k kind, o options) (m stall, err error) {
	fmt.Fprintf(os.Stderr, "a stalled reader: %s\n", k)
	t, err := prepare(ctx, k, o, smallBuffer)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, t.process.end()) }()
	others, err := connectAll(t, o.subscribers-1, func(int) string { return t.commonRoom })
	defer closeAll(others)
	if err != nil {
		return m, err
	}
	lazy, err := connect(t, t.commonRoom, readerID(o.subscribers-1), smallBuffer)
	if err != nil {
		return m, err
	}
	defer lazy.close()
	all := append([]*subscriber{lazy}, others...)
	if err := resubscribe(t, all, 0, plain); err != nil {
		return m, err
	}
	if err := warmUp(t, all, plain); err != nil {
		return m, err
	}
	m.others = len(others)
	rooms := []string{t.commonRoom}
	var without, during []cell
	for range 6 {
		c, err := measure(t, rooms, plain, o.oneRoom, time.Second, others)
		if err != nil {
			return m, err
		}
		without = append(without, c)
	}

	lazy.held.Lock()
	defer func() {
		lazy.held.Unlock()
		if m.closed > 0 {
			<-lazy.done
			m.code = lazy.code
		}
	}()
	watch, stop := context.WithTimeout(ctx, stallLimit)
	defer stop()
	closed := make(chan time.Duration, 1)
	go func() { closed <- closing(watch, lazy); stop() }() // ends with watch
	for watch.Err() == nil {
		c, err := measure(t, rooms, plain, o.oneRoom, time.Second, others)
		if err != nil {
			return m, err
		}
		during = append(during, c)
	}
	m.closed = <-closed
	for i, p := range []float64{0.5, 0.99} {
		m.without[i], m.during[i] = medianPercentile(without, p), medianPercentile(during, p)
	}
	m.lost = lost(without) + lost(during)
	return m, ctx.Err()
}

// closing waits until the server has closed a socket and returns how long that took, or 0 if ctx
// ends first.
func closing(ctx context.Context, s *subscriber) time.Duration {
	begin := time.Now()
	port := s.socket.conn.LocalAddr().(*net.TCPAddr).Port //nolint:errcheck,forcetypeassert // it has been dialled by TCP
	for ctx.Err() == nil {
		if open, err := established(port); err == nil && !open {
			return time.Since(begin)
		}
		sleep(ctx, 100*time.Millisecond)
	}
	return 0
}

func (m stall) print(out io.Writer, k kind) {
	end := fmt.Sprintf("still open after %v", stallLimit)
	if m.closed > 0 {
		end = fmt.Sprintf(
			"closed after %.1f s with %d (0: no close frame)",
			m.closed.Seconds(),
			m.code,
		)
	}
	_, _ = fmt.Fprintf(
		out,
		"1 stalled of %d    %-7s the others' p50 %s → %s ms, p99 %s → %s ms (× %.2f), lost %d; it is %s\n",
		m.others+1,
		k,
		ms(
			m.without[0],
		),
		ms(m.during[0]),
		ms(m.without[1]),
		ms(m.during[1]),
		float64(m.during[1])/float64(m.without[1]),
		m.lost,
		end,
	)
}
