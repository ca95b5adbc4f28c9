package wire_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"parley/internal/wire"
)

// fillBuffers writes frames without waiting until one is rejected, and returns the number of frames
// that were written. The client does not read.
func fillBuffers(t *testing.T, c *wire.Conn, frame func(i int) []byte) int {
	t.Helper()
	for i := range 1_000_000 {
		if !c.TryWrite(frame(i)) {
			return i
		}
	}
	t.Fatal("no write was rejected, though the client does not read")
	return 0
}

func numbered(i int) []byte {
	return wire.Text(fmt.Appendf(nil, "%d ", i), []byte(strings.Repeat("x", 10_000+i%7)))
}

// TestTryWrite: rejected frames are not written. Accepted frames arrive complete and in order, also
// if the client reads late.
func TestTryWrite(t *testing.T) {
	p, c := open(t, newUpgrader())
	ended := echo(c)
	accepted := fillBuffers(t, c, numbered)
	var writing sync.WaitGroup
	writing.Go(func() { // ends when the client reads
		if err := c.Write(numbered(accepted)); err != nil {
			t.Errorf("write: %v", err)
		}
	})
	for i := range accepted + 1 {
		f := p.readFrame()
		if want := numbered(
			i,
		); string(f.Payload) != string(want[len(want)-int(f.Header.Length):]) ||
			len(f.Payload) == 0 {
			t.Fatalf("frame %d of %d is %.30q of %d bytes", i, accepted, f.Payload, len(f.Payload))
		}
	}
	writing.Wait()
	p.write(text("still here"))
	p.expect(ws.OpText, "still here")
	c.Abort()
	<-ended
}

// TestConcurrentWriters: the frames and pongs of several goroutines do not mix.
func TestConcurrentWriters(t *testing.T) {
	p, c := open(t, newUpgrader())
	echo(c)
	const writers, frames = 8, 200
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range frames {
				frame := wire.Text(fmt.Appendf(nil, "%d %d %s", w, i, strings.Repeat("y", i*20)))
				if !c.TryWrite(frame) && c.Write(frame) != nil {
					t.Errorf("writer %d cannot write", w)
				}
			}
		})
	}
	var next [writers]int
	for received := 0; received < writers*frames; {
		if received%100 == 0 {
			p.write(masked(true, ws.OpPing, "?"))
		}
		f := p.readFrame()
		if f.Header.OpCode == ws.OpPong {
			continue
		}
		var w, i int
		var y string
		_, _ = fmt.Sscan(string(f.Payload), &w, &i, &y)
		if next[w] != i || len(y) != i*20 {
			t.Fatalf(
				"got frame %d of writer %d with %d bytes, want frame %d",
				i,
				w,
				len(y),
				next[w],
			)
		}
		next[w]++
		received++
	}
	writing.Wait()
}

// TestSlowClient: a write that exceeds its timeout aborts the connection.
func TestSlowClient(t *testing.T) {
	const deadline = 200 * time.Millisecond
	u := &wire.Upgrader{
		MaxMessageBytes: maxMessageBytes,
		WriteTimeout:    deadline,
		CloseTimeout:    timeout,
	}
	p, c := open(t, u)
	ended := echo(c)
	fillBuffers(t, c, numbered)
	begun := time.Now()
	if err := c.Write(
		numbered(0),
	); err == nil ||
		errors.Is(err, wire.ErrClosed) && time.Since(begun) > timeout/2 {
		t.Errorf("a write to a client that does not read: %v", err)
	}
	if took := time.Since(begun); took > timeout/2 {
		t.Errorf("the write failed after %v", took)
	}
	if err := <-ended; err == nil {
		t.Error("Read did not fail")
	}
	if c.TryWrite(numbered(1)) || c.Write(numbered(1)) == nil {
		t.Error("a write succeeded after the abort")
	}
	c.Wait()
	// The client reads what was sent, and then the end of the connection.
	if _, err := io.Copy(io.Discard, p.in); err == nil {
		t.Log("the connection has ended without a reset")
	}
}

// TestAbortWhileWriting: Abort unblocks pending writes.
func TestAbortWhileWriting(t *testing.T) {
	_, c := open(t, newUpgrader())
	ended := echo(c)
	fillBuffers(t, c, numbered)
	var writing sync.WaitGroup
	for range 3 {
		writing.Go(func() {
			if c.Write(numbered(0)) == nil {
				t.Error("a write to a client that does not read has succeeded")
			}
		})
	}
	c.Close(1012, "waits for the writers")
	c.Abort()
	writing.Wait()
	c.Wait()
	<-ended
}

// TestCloseDuringAbort: Close starts no background write after Wait has returned.
func TestCloseDuringAbort(t *testing.T) {
	large := wire.Text(make([]byte, 16<<20))
	for i := range 200 {
		_, c := open(t, newUpgrader())
		ended := echo(c)
		var others sync.WaitGroup
		others.Go(func() { _ = c.Write(large) })
		for c.TryWrite(numbered(0)) { // until the large write has started
			runtime.Gosched()
		}
		begins := make(chan struct{})
		others.Go(func() {
			close(begins)
			c.Close(1012, "waits for the writers")
		})
		<-begins
		for range i % 20 {
			runtime.Gosched()
		}
		c.Abort()
		c.Wait()
		others.Wait()
		<-ended
	}
}
