package torture_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
)

// lossy is the worst broker that is allowed: it loses, duplicates, delays and reorders publications,
// and truncates the commits of some.
type lossy struct {
	broker.Listener

	mu       sync.Mutex
	rng      *rand.Rand
	dropsAll bool
}

// The probabilities of each fault, and the longest delay.
const (
	lossyLoses   = 0.35 // of all publications
	lossyDoubles = 0.2
	lossyDelays  = 0.5 // of those not lost, for each copy
	lossyDamages = 0.2 // likewise, for each copy
	lossyDelay   = 200 * time.Millisecond
)

func newLossy(seed uint64, listener broker.Listener) *lossy {
	return &lossy{Listener: listener, rng: rand.New(rand.NewPCG(seed, 0))}
}

// Publish delivers p, or not. It does not block.
func (l *lossy) Publish(p broker.Publication) {
	for _, c := range l.copies() {
		p := truncated(p, c.fraction)
		if c.delay == 0 {
			l.Receive(p)
		} else {
			time.AfterFunc(c.delay, func() { l.Receive(p) })
		}
	}
}

// truncated returns a publication with a fraction of its commit, as another node would receive it;
// 1 is all of it.
func truncated(p broker.Publication, fraction float64) broker.Publication {
	if p.Commit == nil || fraction == 1 {
		return p
	}
	encoded, err := p.Commit.Encode()
	if err != nil {
		panic(err) // ends the server, and so fails the test
	}
	p.Commit = &broker.Encoded{JSON: encoded[:int(fraction*float64(len(encoded)))]}
	return p
}

// lossyCopy is what happens to a copy of a publication.
type lossyCopy struct {
	delay time.Duration
	// fraction is how much of its commit arrives: 1 is all of it.
	fraction float64
}

// copies returns the copies of a publication that arrive.
func (l *lossy) copies() []lossyCopy {
	l.mu.Lock()
	defer l.mu.Unlock()
	copies := make([]lossyCopy, 1, 2)
	switch draw := l.rng.Float64(); {
	case l.dropsAll, draw < lossyLoses:
		return nil
	case draw < lossyLoses+lossyDoubles:
		copies = copies[:2]
	}
	for i := range copies {
		copies[i].fraction = 1
		if l.rng.Float64() < lossyDelays {
			copies[i].delay = time.Duration(l.rng.Int64N(int64(lossyDelay)))
		}
		if l.rng.Float64() < lossyDamages {
			copies[i].fraction = l.rng.Float64()
		}
	}
	return copies
}

// dropAll loses every publication from now on.
func (l *lossy) dropAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropsAll = true
}

func TestLossy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const publications = 1000
		var mu sync.Mutex
		var received []int64
		damaged := 0
		l := newLossy(1, listenerFunc(func(h broker.Publication) {
			mu.Lock()
			defer mu.Unlock()
			received = append(received, h.Seq)
			if _, ok := h.Commit.(*broker.Encoded); ok {
				damaged++
			}
		}))
		for seq := range int64(publications) {
			l.Publish(broker.Publication{Seq: seq, Commit: fakeCommit{}})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(lossyDelay)
		synctest.Wait()

		sorted := slices.Sorted(slices.Values(received))
		distinct := len(slices.Compact(sorted))
		if distinct == 0 || distinct == publications || distinct == len(received) ||
			slices.IsSorted(received) {
			t.Errorf(
				"of %d publications %d were received, %d in all, in order: %v",
				publications,
				distinct,
				len(received),
				slices.IsSorted(received),
			)
		}
		if damaged == 0 || damaged == len(received) {
			t.Errorf("of %d publications %d were damaged", len(received), damaged)
		}

		l.dropAll()
		before := len(received)
		l.Publish(broker.Publication{})
		time.Sleep(lossyDelay)
		if len(received) != before {
			t.Error("a broker that drops all publications delivers one")
		}
	})
}

// fakeCommit is a commit.
type fakeCommit struct{}

func (fakeCommit) First() int64            { return 0 }
func (fakeCommit) Encode() ([]byte, error) { return []byte("{}"), nil }

// listenerFunc is a listener that only receives.
type listenerFunc func(broker.Publication)

func (f listenerFunc) Receive(h broker.Publication) { f(h) }
func (listenerFunc) Missed()                        {}
func (listenerFunc) Follows(uuid.UUID) bool         { return true }
