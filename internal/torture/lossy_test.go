package torture_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/broker"
)

// lossy is a broker as bad as one may be: of the hints it carries it loses some, doubles some, and
// delays some so that later ones overtake them.
type lossy struct {
	hear broker.Listener

	mu   sync.Mutex
	rng  *rand.Rand
	deaf bool
}

// How bad it is.
const (
	lossyLoses   = 0.35 // of all hints
	lossyDoubles = 0.2
	lossyDelays  = 0.5 // of what is not lost, each copy by itself
	lossyDelay   = 200 * time.Millisecond
)

func newLossy(seed uint64, hear broker.Listener) *lossy {
	return &lossy{hear: hear, rng: rand.New(rand.NewPCG(seed, 0))}
}

// Publish carries h, or not. It does not block.
func (l *lossy) Publish(h broker.Publication) {
	for _, delay := range l.copies() {
		if delay == 0 {
			l.hear.Receive(h)
		} else {
			time.AfterFunc(delay, func() { l.hear.Receive(h) })
		}
	}
}

// copies returns after how long each copy of a hint arrives.
func (l *lossy) copies() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	copies := make([]time.Duration, 1, 2)
	switch luck := l.rng.Float64(); {
	case l.deaf, luck < lossyLoses:
		return nil
	case luck < lossyLoses+lossyDoubles:
		copies = copies[:2]
	}
	for i := range copies {
		if l.rng.Float64() < lossyDelays {
			copies[i] = time.Duration(l.rng.Int64N(int64(lossyDelay)))
		}
	}
	return copies
}

// deafen loses every hint from now on.
func (l *lossy) deafen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = true
}

func TestLossy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hints = 1000
		var mu sync.Mutex
		var heard []int64
		l := newLossy(1, hearing(func(h broker.Publication) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, h.Seq)
		}))
		for seq := range int64(hints) {
			l.Publish(broker.Publication{Seq: seq})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(lossyDelay)
		synctest.Wait()

		sorted := slices.Sorted(slices.Values(heard))
		distinct := len(slices.Compact(sorted))
		if distinct == 0 || distinct == hints || distinct == len(heard) || slices.IsSorted(heard) {
			t.Errorf(
				"of %d hints %d were heard, %d in all, in order: %v",
				hints,
				distinct,
				len(heard),
				slices.IsSorted(heard),
			)
		}

		l.deafen()
		before := len(heard)
		l.Publish(broker.Publication{})
		time.Sleep(lossyDelay)
		if len(heard) != before {
			t.Error("a deaf broker carries a hint")
		}
	})
}

// hearing is a listener that only hears.
type hearing func(broker.Publication)

func (f hearing) Receive(h broker.Publication) { f(h) }
func (hearing) Missed()                        {}
