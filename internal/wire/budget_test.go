package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/limit"
	"parley/internal/wire"
)

// newLimitedUpgrader returns an upgrader with a memory budget for messages, in bytes.
func newLimitedUpgrader(budget int64) *wire.Upgrader {
	u := newUpgrader()
	u.Memory = limit.NewMemory(limit.MemoryOptions{Bytes: budget})
	return u
}

// eventually waits until want bytes of a budget are reserved.
func eventually(t *testing.T, m *limit.Memory, want int64) {
	t.Helper()
	deadline := time.Now().Add(timeout)
	for m.Stats().Reserved != want {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are reserved, want %d", m.Stats().Reserved, want)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestMessagesShareABudget: the incomplete messages of all WebSockets count for one budget. Small
// messages are always admitted.
func TestMessagesShareABudget(t *testing.T) {
	const part = 60_000
	u := newLimitedUpgrader(260_000)
	var halves []*peer
	for range 2 { // incomplete messages
		p, c := open(t, u)
		echo(c)
		p.write(masked(false, ws.OpText, strings.Repeat("x", part)))
		halves = append(halves, p)
	}
	eventually(t, u.Memory, 2*2*(part-4096))
	p, c := open(t, u)
	ended := echo(c)
	p.write(text("small"))
	p.expect(ws.OpText, "small")
	p.write(text(strings.Repeat("y", 4096)))
	p.expect(ws.OpText, strings.Repeat("y", 4096))
	p.write(masked(false, ws.OpText, strings.Repeat("z", part)))
	p.expectClose(1013)
	_ = p.Close()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("Read failed with %v", err)
	}
	eventually(t, u.Memory, 2*2*(part-4096))
	_ = halves[0].Close() // releases its memory
	eventually(t, u.Memory, 2*(part-4096))
	// A message that is complete and answered releases its memory, too.
	halves[1].write(masked(true, ws.OpContinuation, "end"))
	halves[1].expect(ws.OpText, strings.Repeat("x", part)+"end")
	eventually(t, u.Memory, 0)
	for range 3 {
		halves[1].write(text(strings.Repeat("x", maxMessageBytes)))
		halves[1].expect(ws.OpText, strings.Repeat("x", maxMessageBytes))
	}
	eventually(t, u.Memory, 0)
}

// TestMessageTimeout: a message that is not complete in time closes the WebSocket.
func TestMessageTimeout(t *testing.T) {
	for name, begun := range map[string][]byte{
		"part of a frame":    text(strings.Repeat("x", 10_000))[:5000],
		"some of the frames": masked(false, ws.OpText, "x"),
	} {
		t.Run(name, func(t *testing.T) {
			u := newUpgrader()
			u.MessageTimeout, u.CloseTimeout = 100*time.Millisecond, 100*time.Millisecond
			p, c := open(t, u)
			ended := echo(c)
			p.write(text("whole"))
			p.expect(ws.OpText, "whole")
			p.write(begun)
			p.expectClose(1013)
			if err := <-ended; err == nil {
				t.Error("Read did not fail")
			}
		})
	}
	t.Run("in time", func(t *testing.T) {
		u := newUpgrader()
		u.MessageTimeout = 100 * time.Millisecond
		p, c := open(t, u)
		echo(c)
		for range 5 {
			p.write(masked(false, ws.OpText, "x"))
			p.write(masked(true, ws.OpContinuation, strings.Repeat("x", 10_000)))
			p.expect(ws.OpText, "x"+strings.Repeat("x", 10_000))
		}
		time.Sleep(2 * u.MessageTimeout) // of a real connection, whose clock is the kernel's
		p.write(text("still here"))
		p.expect(ws.OpText, "still here")
	})
}

// TestMessagesHaveQuotas: the unfinished messages of one client do not close the sockets of others.
func TestMessagesHaveQuotas(t *testing.T) {
	const part = 30_000
	u := newUpgrader()
	u.Memory = limit.NewMemory(
		limit.MemoryOptions{Bytes: 1 << 20, User: 2 * part, Anonymous: 2 * part},
	)
	for _, user := range []string{"", "ann"} {
		for i := range 2 {
			p, c := open(t, u)
			c.SetOwner(limit.Owner{User: user}, maxMessageBytes)
			ended := echo(c)
			p.write(masked(false, ws.OpText, strings.Repeat("x", part)))
			if i == 1 {
				p.expectClose(1013)
				_ = p.Close()
				<-ended
			}
		}
	}
	p, c := open(t, u)
	c.SetOwner(limit.Owner{User: "bob"}, part)
	echo(c)
	p.write(text(strings.Repeat("y", part)))
	p.expect(ws.OpText, strings.Repeat("y", part))
	p.write(text(strings.Repeat("y", part+1)))
	p.expectClose(1009)
}
