package testkit

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// Link is a network between two ends that a test can make slow, silent or dead. It carries TCP.
type Link struct {
	// Addr is where the near end connects to.
	Addr string

	t       testing.TB
	network string // of the far end
	far     string
	// forth copies from the near end to the far end, and back in the other direction. Both are
	// copyFrom unless the link inspects the data.
	forth, back func(near, far net.Conn)
	ended       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	delay time.Duration
	// dead: the link closes all connections, and new ones at once. silent, if not nil, holds all
	// data back without closing connections until Heal closes it.
	dead   bool
	silent chan struct{}
}

// NewLink returns a link from a loopback address to a far end. It ends with the test: start its
// users afterwards, so that they end first.
func NewLink(t testing.TB, network, far string) *Link {
	t.Helper()
	l := &Link{}
	l.forth, l.back = func(near, far net.Conn) { l.copyFrom(far, near) }, func(near, far net.Conn) { l.copyFrom(near, far) }
	l.open(t, network, far)
	return l
}

// open begins to listen.
func (l *Link) open(t testing.TB, network, far string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Addr, l.t, l.network, l.far, l.conns = listener.Addr().
		String(),
		t, network, far, map[net.Conn]struct{}{}
	l.ended.Go(func() { l.accept(listener) }) // ends with the listener
	t.Cleanup(func() {
		_ = listener.Close()
		l.Heal()
		l.Cut()
		l.ended.Wait()
	})
}

// Delay has whatever is sent, either way, take so much longer. 0 ends it.
func (l *Link) Delay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// Cut breaks all connections, and all new ones until Heal.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	for c := range l.conns {
		_ = c.Close()
	}
}

// Silence holds all data back until Heal, without closing a connection. The data then arrives.
func (l *Link) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent == nil {
		l.silent = make(chan struct{})
	}
}

// Heal ends every disruption.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead, l.delay = false, 0
	if l.silent != nil {
		close(l.silent)
		l.silent = nil
	}
}

func (l *Link) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		l.ended.Go(func() { l.proxy(near) })
	}
}

// proxy ends when either end hangs up, or the link is cut.
func (l *Link) proxy(near net.Conn) {
	far, err := new(net.Dialer).DialContext(context.Background(), l.network, l.far)
	if err != nil {
		_ = near.Close() // as the far end would
		return
	}
	l.mu.Lock()
	l.conns[near], l.conns[far] = struct{}{}, struct{}{}
	dead := l.dead
	l.mu.Unlock()
	hangUp := func() {
		_ = near.Close()
		_ = far.Close()
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, near)
		delete(l.conns, far)
	}()
	if dead {
		hangUp()
		return
	}
	var back sync.WaitGroup
	back.Go(func() { // ends with the connections
		defer hangUp()
		l.back(near, far)
	})
	l.forth(near, far)
	hangUp()
	back.Wait()
}

// copyFrom carries what comes from one connection to another.
func (l *Link) copyFrom(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.wait()
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait waits for as long as the link has something take.
func (l *Link) wait() {
	l.mu.Lock()
	delay, silent := l.delay, l.silent
	l.mu.Unlock()
	if silent != nil {
		<-silent
	}
	if delay > 0 {
		<-time.After(delay)
	}
}
