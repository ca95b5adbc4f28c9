package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/limit"
	"parley/internal/wire"
)

// limited is a listener with a budget for messages.
func limited(most int64) *wire.Listener {
	l := listener()
	l.Messages = limit.NewMemory(limit.MemoryOptions{Bytes: most})
	return l
}

// eventually waits until as much of a budget is held as is wanted.
func eventually(t *testing.T, m *limit.Memory, want int64) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for m.Stats().Reserved != want {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held; want %d", m.Stats().Reserved, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestMessagesShareABudget: what many sockets have sent of their messages is bounded together;
// small ones always pass.
func TestMessagesShareABudget(t *testing.T) {
	const part = 60_000
	l := limited(260_000)
	var halves []*peer
	for range 2 { // fragments that are never ended
		p, c := open(t, l)
		echo(c)
		p.write(masked(false, ws.OpText, strings.Repeat("x", part)))
		halves = append(halves, p)
	}
	eventually(t, l.Messages, 2*2*(part-4096))
	p, c := open(t, l)
	ended := echo(c)
	p.write(text("small"))
	p.expect(ws.OpText, "small")
	p.write(text(strings.Repeat("y", 4096)))
	p.expect(ws.OpText, strings.Repeat("y", 4096))
	p.write(masked(false, ws.OpText, strings.Repeat("z", part)))
	p.expectClose(1013)
	_ = p.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("reading ended with %v", err)
	}
	eventually(t, l.Messages, 2*2*(part-4096))
	_ = halves[0].Close() // gives its share back
	eventually(t, l.Messages, 2*(part-4096))
	halves[1].write(
		masked(true, ws.OpContinuation, "end"),
	) // and so does a message that is whole and answered
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

// TestMessagesHaveQuotas: the unfinished messages of one client do not close the sockets of others.
func TestMessagesHaveQuotas(t *testing.T) {
	const part = 30_000
	l := listener()
	l.Messages = limit.NewMemory(
		limit.MemoryOptions{Bytes: 1 << 20, User: 2 * part, Anonymous: 2 * part},
	)
	for _, user := range []string{"", "ann"} {
		for i := range 2 {
			p, c := open(t, l)
			c.Identify(limit.Owner{User: user}, largest)
			ended := echo(c)
			p.write(masked(false, ws.OpText, strings.Repeat("x", part)))
			if i == 1 {
				p.expectClose(1013)
				_ = p.Close()
				<-ended
			}
		}
	}
	p, c := open(t, l)
	c.Identify(limit.Owner{User: "bob"}, part)
	echo(c)
	p.write(text(strings.Repeat("y", part)))
	p.expect(ws.OpText, strings.Repeat("y", part))
	p.write(text(strings.Repeat("y", part+1)))
	p.expectClose(1009)
}
