package web_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/auth"
	"parley/internal/live"
	"parley/internal/panics"
	"parley/internal/web"
)

// panickingParts is a subscriber that panics in the method that at names, and a verifier and an
// observer that panic.
type panickingParts struct{ at string }

func (p *panickingParts) Next(ctx context.Context) ([][]byte, error) {
	if p.at == "Next" {
		panic(p.at)
	}
	<-ctx.Done()
	return nil, io.EOF
}

func (p *panickingParts) Park(live.Sink) bool {
	if p.at == "Park" {
		panic(p.at)
	}
	return false
}

func (p *panickingParts) Close() {}

func (p *panickingParts) Known(string) (auth.Identity, bool) { return auth.Identity{}, false }

func (p *panickingParts) Verify(context.Context, string) (auth.Identity, error) { panic("verify") }

func (p *panickingParts) Request(string, int, time.Duration) {}
func (p *panickingParts) SocketTooSlow()                     {}
func (p *panickingParts) SocketClosed(uint16)                { panic("closed") }

// TestPanicsOnSockets: a panic ends the operation, event stream or WebSocket in which it occurs,
// with an error for the client.
func TestPanicsOnSockets(t *testing.T) {
	const ticks = `subscription { count(n: 1) }`
	at := func(method string) (web.Subscribe, *panics.Guard, web.Config) {
		guard := panics.NewGuard(slog.New(slog.DiscardHandler))
		first := true
		start := func(
			ctx context.Context, op *graphql.OperationContext, lastEventID string,
		) (live.Subscriber, gqlerror.List) {
			if !first {
				return newTestSchema().start(ctx, op, lastEventID)
			}
			first = false
			return &panickingParts{at: method}, nil
		}
		return start, guard, web.Config{Panics: guard}
	}
	for _, method := range []string{"Next", "Park"} {
		t.Run(method, func(t *testing.T) {
			start, guard, cfg := at(method)
			ts := newServerWith(t, start, testVerifier{}, cfg)
			c := ts.connect(t)
			c.init()
			c.send(subscribe("victim", ticks))
			m, err := c.next()
			if err != nil || m.Type != "error" || !strings.Contains(string(m.Payload), "INTERNAL") {
				t.Errorf("the stream ends with %v, %v", m, err)
			}
			c.send(subscribe("neighbour", ticks))
			if m, err := c.next(); err != nil || m.Type != "next" || m.ID != "neighbour" {
				t.Errorf("the same WebSocket receives %v, %v", m, err)
			}
			if n := guard.Count(panics.Operation); n != 1 {
				t.Errorf("%d panics are counted", n)
			}
		})
	}
	for name, format := range streamTests() {
		t.Run(name, func(t *testing.T) {
			start, guard, cfg := at("Next")
			ts := newServerWith(t, start, testVerifier{}, cfg)
			end := "event: complete"
			if format.kind == "multipart" {
				end = "--graphql--"
			}
			body := string(ts.post(t, ticks, format.accept).body)
			if !strings.Contains(body, "INTERNAL") || !strings.Contains(body, end) {
				t.Errorf("the stream is %s", body)
			}
			if n := guard.Count(panics.Request); n != 1 {
				t.Errorf("%d panics are counted", n)
			}
		})
	}
	t.Run("message", func(t *testing.T) {
		_, guard, cfg := at("")
		ts := newServerWith(t, nil, &panickingParts{}, cfg)
		c, neighbour := ts.connect(t), ts.connect(t)
		neighbour.init()
		c.send(`{"type":"connection_init","payload":{"authorization":"x"}}`)
		c.expectClose(1011)
		neighbour.send(`{"type":"ping"}`)
		neighbour.expect("pong")
		if n := guard.Count(panics.Socket); n != 1 {
			t.Errorf("%d panics are counted", n)
		}
	})
	t.Run("timer", func(t *testing.T) {
		_, guard, cfg := at("")
		cfg.Observer, cfg.Limits = &panickingParts{}, web.Limits{SocketInit: 10 * time.Millisecond}
		ts := newServerWith(t, nil, testVerifier{}, cfg)
		ts.connect(t).expectClose(4408)
		for guard.Count(panics.Socket) == 0 { // until the test times out
			time.Sleep(time.Millisecond)
		}
	})
}
