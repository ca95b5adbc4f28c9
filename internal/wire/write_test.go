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

// stuff writes frames without waiting until one is refused, and returns how many have gone. Nobody
// reads.
func stuff(t *testing.T, c *wire.Conn, frame func(i int) []byte) int {
	t.Helper()
	for i := range 1_000_000 {
		if !c.Try(frame(i)) {
			return i
		}
	}
	t.Fatal("a client that does not read takes everything")
	return 0
}

func numbered(i int) []byte {
	return wire.Text(fmt.Appendf(nil, "%d ", i), []byte(strings.Repeat("x", 10_000+i%7)))
}

// TestTry: what is refused has not been written, what is taken comes whole and in order, also when
// the client reads late.
func TestTry(t *testing.T) {
	p, c := open(t, listener())
	ended := echo(c)
	taken := stuff(t, c, numbered)
	var writing sync.WaitGroup
	writing.Go(func() { // ends when the client reads
		if err := c.Write(numbered(taken)); err != nil {
			t.Errorf("write: %v", err)
		}
	})
	for i := range taken + 1 {
		f := p.hear()
		if want := numbered(
			i,
		); string(f.Payload) != string(want[len(want)-int(f.Header.Length):]) ||
			len(f.Payload) == 0 {
			t.Fatalf("frame %d of %d is %.30q of %d bytes", i, taken, f.Payload, len(f.Payload))
		}
	}
	writing.Wait()
	p.write(text("still here"))
	p.expect(ws.OpText, "still here")
	c.Cut()
	<-ended
}

// TestWritersTakeTurns: frames of several goroutines do not mix, nor do the pongs.
func TestWritersTakeTurns(t *testing.T) {
	p, c := open(t, listener())
	echo(c)
	const writers, frames = 8, 200
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range frames {
				frame := wire.Text(fmt.Appendf(nil, "%d %d %s", w, i, strings.Repeat("y", i*20)))
				if !c.Try(frame) && c.Write(frame) != nil {
					t.Errorf("writer %d cannot write", w)
				}
			}
		})
	}
	var next [writers]int
	for heard := 0; heard < writers*frames; {
		if heard%100 == 0 {
			p.write(masked(true, ws.OpPing, "?"))
		}
		f := p.hear()
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
		heard++
	}
	writing.Wait()
}

// TestSlowClient is cut off when its time has come: with a word where the frame has not begun.
func TestSlowClient(t *testing.T) {
	const deadline = 200 * time.Millisecond
	l := &wire.Listener{Message: largest, Write: deadline, Goodbye: patience}
	p, c := open(t, l)
	ended := echo(c)
	stuff(t, c, numbered)
	begun := time.Now()
	if err := c.Write(
		numbered(0),
	); err == nil ||
		errors.Is(err, wire.ErrClosed) && time.Since(begun) > patience/2 {
		t.Errorf("a write to a client that does not read: %v", err)
	}
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("cut off after %v", took)
	}
	if err := <-ended; err == nil {
		t.Error("reading goes on")
	}
	if c.Try(numbered(1)) || c.Write(numbered(1)) == nil {
		t.Error("more was written")
	}
	c.Wait()
	if _, err := io.Copy(
		io.Discard,
		p.in,
	); err == nil { // what has been sent is read, and then the end
		t.Log("the connection has ended without a reset")
	}
}

// TestCutWhileWriting frees whoever waits.
func TestCutWhileWriting(t *testing.T) {
	_, c := open(t, listener())
	ended := echo(c)
	stuff(t, c, numbered)
	var writing sync.WaitGroup
	for range 3 {
		writing.Go(func() {
			if c.Write(numbered(0)) == nil {
				t.Error("a write to a client that does not read has come to its end")
			}
		})
	}
	c.Close(1012, "waits for its turn")
	c.Cut()
	writing.Wait()
	c.Wait()
	<-ended
}

// TestCloseWhileItEnds: whoever has waited for what is being written has seen the last of it,
// though somebody closes the socket at that moment.
func TestCloseWhileItEnds(t *testing.T) {
	large := wire.Text(make([]byte, 16<<20))
	for i := range 200 {
		_, c := open(t, listener())
		ended := echo(c)
		var others sync.WaitGroup
		others.Go(func() { _ = c.Write(large) })
		for c.Try(numbered(0)) { // until that has begun
			runtime.Gosched()
		}
		begins := make(chan struct{})
		others.Go(func() {
			close(begins)
			c.Close(1012, "waits for its turn")
		})
		<-begins
		for range i % 20 {
			runtime.Gosched()
		}
		c.Cut()
		c.Wait()
		others.Wait()
		<-ended
	}
}
