package web_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/live"
	"parley/internal/web"
)

// pushSubscriber is a subscriber that sends numbered payloads to its sink while it is parked. Next
// returns the others.
type pushSubscriber struct {
	mu    sync.Mutex
	sink  live.Sink
	queue [][]byte
	ended bool
	sent  int // by the sink
}

func (p *pushSubscriber) Next(context.Context) ([][]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	payloads := p.queue
	if p.queue = nil; payloads == nil && p.ended {
		return nil, io.EOF
	}
	return payloads, nil
}

func (p *pushSubscriber) Park(sink live.Sink) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue != nil || p.ended {
		return false
	}
	p.sink = sink
	return true
}

func (p *pushSubscriber) Close() {}

func (p *pushSubscriber) push(payload []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sink != nil && p.sink.Ready() && p.sink.Send(payload) {
		p.sent++
		return
	}
	p.queue = append(p.queue, payload)
	p.wake()
}

func (p *pushSubscriber) wake() {
	if p.sink != nil {
		p.sink.Wake()
		p.sink = nil
	}
}

func (p *pushSubscriber) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.wake()
}

// TestSinks: a WebSocket operation and event streams send all payloads in order, both those from
// Send and those from Next.
func TestSinks(t *testing.T) {
	t.Parallel()
	const n = 500
	start := func() (*pushSubscriber, web.Subscribe) {
		p := &pushSubscriber{}
		return p, func(
			context.Context, *graphql.OperationContext, string,
		) (live.Subscriber, gqlerror.List) {
			go func() { // ends with the subscription
				defer p.end()
				for i := range n {
					size := 10
					if i%50 == 0 {
						size = 10_000 // too large to wait in a sink
					}
					p.push(fmt.Appendf(nil, `{"data":"%d %s"}`, i, strings.Repeat("x", size)))
					if rand.N(4) == 0 {
						time.Sleep(rand.N(200 * time.Microsecond))
					}
				}
			}()
			return p, nil
		}
	}
	check := func(t *testing.T, p *pushSubscriber, received []string) {
		t.Helper()
		if len(received) != n {
			t.Fatalf("received %d payloads, want %d", len(received), n)
		}
		for i, payload := range received {
			if !strings.HasPrefix(payload, fmt.Sprintf(`{"data":"%d x`, i)) {
				t.Fatalf("number %d is %.20s", i, payload)
			}
		}
		if p.sent == 0 || p.sent > n-n/50 {
			t.Errorf("%d of %d payloads were sent to the sink", p.sent, n)
		}
	}
	for name, format := range streamTests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, subscribe := start()
			ts := newServerWith(t, subscribe, testVerifier{}, web.Config{})
			body := string(ts.post(t, "subscription { silent }", format.accept).body)
			var received []string
			for block := range strings.SplitSeq(body, format.separator) {
				if i := strings.Index(block, `{"data":"`); i >= 0 {
					received = append(received, block[i:])
				}
			}
			check(t, p, received)
		})
	}
	t.Run("WebSocket", func(t *testing.T) {
		t.Parallel()
		p, start := start()
		ts := newServerWith(t, start, testVerifier{}, web.Config{})
		c := ts.connect(t)
		c.init()
		c.send(subscribe("1", "subscription { silent }"))
		var received []string
		for {
			m, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if m.Type == "complete" {
				break
			}
			received = append(received, string(m.Payload))
		}
		check(t, p, received)
	})
}

// earlyWakeSubscriber is a subscriber that wakes the sink before its first payload has been sent.
type earlyWakeSubscriber struct {
	pushSubscriber
	woken live.Sink
}

func (o *earlyWakeSubscriber) Next(ctx context.Context) ([][]byte, error) {
	if o.woken == nil {
		return o.pushSubscriber.Next(ctx)
	}
	if !o.woken.Send([]byte(`{"data":1}`)) {
		return nil, io.ErrShortWrite
	}
	o.woken, o.ended = nil, true
	return [][]byte{[]byte(`{"data":2}`)}, nil
}

func (o *earlyWakeSubscriber) Park(sink live.Sink) bool {
	if o.ended {
		return false
	}
	o.woken = sink
	sink.Wake()
	return true
}

// TestSinkKeepsOrder: payloads that a sink accepts before Next returns are sent before those that
// Next returns.
func TestSinkKeepsOrder(t *testing.T) {
	t.Parallel()
	ts := newServerWith(t, func(
		context.Context, *graphql.OperationContext, string,
	) (live.Subscriber, gqlerror.List) {
		return &earlyWakeSubscriber{}, nil
	}, testVerifier{}, web.Config{})
	body := string(ts.post(t, "subscription { silent }", "Accept: text/event-stream").body)
	first, second := strings.Index(body, `{"data":1}`), strings.Index(body, `{"data":2}`)
	if first < 0 || second < first {
		t.Errorf("the events are\n%s", body)
	}
}
