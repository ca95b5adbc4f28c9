package wire_test

import (
	"log/slog"
	"testing"
	"time"

	"parley/internal/panics"
	"parley/internal/wire"
)

// TestPanicInBackgroundWrite: a panic in the goroutine that writes the rest of a frame aborts the
// connection, and does not block Wait.
func TestPanicInBackgroundWrite(t *testing.T) {
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	u := &wire.Upgrader{
		MaxMessageBytes: maxMessageBytes,
		WriteTimeout:    100 * time.Millisecond,
		CloseTimeout:    timeout,
		Panics:          guard,
		OnSlowClient:    func() { panic("too slow") },
	}
	_, c := open(t, u)
	ended := echo(c)
	fillBuffers(t, c, numbered) // a goroutine writes the rest of the last frame
	if err := <-ended; err == nil {
		t.Error("Read did not fail")
	}
	if c.Write(numbered(0)) == nil {
		t.Error("a write succeeded after the abort")
	}
	c.Wait()
	if n := guard.Count(panics.Socket); n != 1 {
		t.Errorf("%d panics are counted, want 1", n)
	}
}
