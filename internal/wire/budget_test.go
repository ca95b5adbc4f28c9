package wire_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// limited is a listener with a budget for messages.
func limited(most int64) *wire.Listener {
	l := listener()
	l.Messages = wire.NewBudget(most)
	return l
}

// eventually waits until as much of a budget is held as is wanted.
func eventually(t *testing.T, b *wire.Budget, want int64) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for b.Held() != want {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held; want %d", b.Held(), want)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestMessagesShareABudget: what many sockets have sent of their messages is bounded together; small ones always pass.
func TestMessagesShareABudget(t *testing.T) {
	const part = 60_000
	l := limited(130_000)
	var halves []*peer
	for range 2 { // fragments that are never ended
		p, c := open(t, l)
		echo(c)
		p.write(masked(false, ws.OpText, strings.Repeat("x", part)))
		halves = append(halves, p)
	}
	eventually(t, l.Messages, 2*(part-4096))
	p, c := open(t, l)
	ended := echo(c)
	p.write(text("small"))
	p.expect(ws.OpText, "small")
	p.write(text(strings.Repeat("y", 4096)))
	p.expect(ws.OpText, strings.Repeat("y", 4096))
	p.write(masked(false, ws.OpText, strings.Repeat("z", part)))
	p.expectClose(1013)
	_ = p.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("reading ended with %v", err)
	}
	eventually(t, l.Messages, 2*(part-4096))
	_ = halves[0].Close() // gives its share back
	eventually(t, l.Messages, part-4096)
	halves[1].write(masked(true, ws.OpContinuation, "end")) // and so does a message that is whole and answered
	halves[1].expect(ws.OpText, strings.Repeat("x", part)+"end")
	eventually(t, l.Messages, 0)
	for range 3 {
		halves[1].write(text(strings.Repeat("x", largest)))
		halves[1].expect(ws.OpText, strings.Repeat("x", largest))
	}
	eventually(t, l.Messages, 0)
}

// TestMessageMustCome: a message that has begun is to be ended, whatever else is sent meanwhile.
func TestMessageMustCome(t *testing.T) {
	for name, begun := range map[string][]byte{
		"half a frame":       text(strings.Repeat("x", 10_000))[:5000],
		"some of the frames": masked(false, ws.OpText, "x"),
	} {
		t.Run(name, func(t *testing.T) {
			l := listener()
			l.Whole, l.Goodbye = 100*time.Millisecond, 100*time.Millisecond
			p, c := open(t, l)
			ended := echo(c)
			p.write(text("whole"))
			p.expect(ws.OpText, "whole")
			p.write(begun)
			p.expectClose(1013)
			if err := <-ended; err == nil {
				t.Error("reading goes on")
			}
		})
	}
	t.Run("in time", func(t *testing.T) {
		l := listener()
		l.Whole = 100 * time.Millisecond
		p, c := open(t, l)
		echo(c)
		for range 5 {
			p.write(masked(false, ws.OpText, "x"))
			p.write(masked(true, ws.OpContinuation, strings.Repeat("x", 10_000)))
			p.expect(ws.OpText, "x"+strings.Repeat("x", 10_000))
		}
		time.Sleep(2 * l.Whole) // of a real connection, whose clock is the kernel's
		p.write(text("still here"))
		p.expect(ws.OpText, "still here")
	})
}

func TestBudgetAtOnce(t *testing.T) {
	b := wire.NewBudget(1000)
	var running sync.WaitGroup
	for range 50 {
		running.Go(func() {
			for range 1000 {
				if b.Take(30) {
					if held := b.Held(); held < 30 {
						t.Errorf("%d bytes are held", held)
					}
					b.Return(30)
				}
			}
		})
	}
	running.Wait()
	if b.Held() != 0 || !b.Take(1000) || b.Take(1) {
		t.Error("the budget is not what it was")
	}
	var none *wire.Budget
	if !none.Take(1<<40) || none.Held() != 0 {
		t.Error("no budget is a bound")
	}
	none.Return(1)
}
