package wire_test

import (
	"log/slog"
	"testing"
	"time"

	"parley/internal/panics"
	"parley/internal/wire"
)

// TestPanicWhileFlushing: a panic in the goroutine that writes the rest of a frame cuts the socket,
// and leaves nobody waiting for it.
func TestPanicWhileFlushing(t *testing.T) {
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	l := &wire.Listener{
		Message: largest, Write: 100 * time.Millisecond, Goodbye: patience, Panics: guard,
		TooSlow: func() { panic("too slow") },
	}
	_, c := open(t, l)
	ended := echo(c)
	stuff(t, c, numbered) // the last frame that is taken goes on in a goroutine
	if err := <-ended; err == nil {
		t.Error("reading goes on")
	}
	if c.Write(numbered(0)) == nil {
		t.Error("more was written")
	}
	c.Wait()
	if n := guard.Count(panics.Socket); n != 1 {
		t.Errorf("%d panics are counted, want 1", n)
	}
}
