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

// lossy is a broker as bad as one may be: of the publications it carries it loses some, doubles some,
// delays some so that later ones overtake them, and damages the commits of some.
type lossy struct {
	broker.Listener

	mu   sync.Mutex
	rng  *rand.Rand
	deaf bool
}

// How bad it is.
const (
	lossyLoses   = 0.35 // of all hints
	lossyDoubles = 0.2
	lossyDelays  = 0.5 // of what is not lost, each copy by itself
	lossyDamages = 0.2 // likewise
	lossyDelay   = 200 * time.Millisecond
)

func newLossy(seed uint64, hear broker.Listener) *lossy {
	return &lossy{Listener: hear, rng: rand.New(rand.NewPCG(seed, 0))}
}

// Publish carries p, or not. It does not block.
func (l *lossy) Publish(p broker.Publication) {
	for _, c := range l.copies() {
		p := truncated(p, c.part)
		if c.delay == 0 {
			l.Receive(p)
		} else {
			time.AfterFunc(c.delay, func() { l.Receive(p) })
		}
	}
}

// truncated returns a publication with a part of its commit, as another node would receive it; 1 is
// all of it.
func truncated(p broker.Publication, part float64) broker.Publication {
	if p.Commit == nil || part == 1 {
		return p
	}
	encoded, err := p.Commit.Encode()
	if err != nil {
		panic(err) // ends the server, and so fails the test
	}
	p.Commit = &broker.Encoded{JSON: encoded[:int(part*float64(len(encoded)))]}
	return p
}

// lossyCopy is what happens to a copy of a publication.
type lossyCopy struct {
	delay time.Duration
	// part is how much of its commit arrives: 1 is all of it.
	part float64
}

// copies returns the copies of a publication that arrive.
func (l *lossy) copies() []lossyCopy {
	l.mu.Lock()
	defer l.mu.Unlock()
	copies := make([]lossyCopy, 1, 2)
	switch luck := l.rng.Float64(); {
	case l.deaf, luck < lossyLoses:
		return nil
	case luck < lossyLoses+lossyDoubles:
		copies = copies[:2]
	}
	for i := range copies {
		copies[i].part = 1
		if l.rng.Float64() < lossyDelays {
			copies[i].delay = time.Duration(l.rng.Int64N(int64(lossyDelay)))
		}
		if l.rng.Float64() < lossyDamages {
			copies[i].part = l.rng.Float64()
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
		damaged := 0
		l := newLossy(1, hearing(func(h broker.Publication) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, h.Seq)
			if _, ok := h.Commit.(*broker.Encoded); ok {
				damaged++
			}
		}))
		for seq := range int64(hints) {
			l.Publish(broker.Publication{Seq: seq, Commit: anything{}})
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
		if damaged == 0 || damaged == len(heard) {
			t.Errorf("of %d publications %d were damaged", len(heard), damaged)
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

// anything is a commit.
type anything struct{}

func (anything) First() int64            { return 0 }
func (anything) Encode() ([]byte, error) { return []byte("{}"), nil }

// hearing is a listener that only hears.
type hearing func(broker.Publication)

func (f hearing) Receive(h broker.Publication) { f(h) }
func (hearing) Missed()                        {}
func (hearing) Follows(uuid.UUID) bool         { return true }
