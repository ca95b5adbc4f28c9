package live_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// lastEvent is refused by all who are parked, so that they come to their end by themselves.
const lastEvent = 5000

// restless is a listener that refuses now and then, and so goes to and fro between waiting by
// itself and being parked.
type restless struct {
	mu      sync.Mutex
	last    int64
	wrong   []int64
	resumed chan struct{}
}

func (r *restless) Ready() bool { return true }

func (r *restless) Take(f live.Frame) bool {
	if f.Event.Position() == lastEvent || rand.IntN(4) == 0 {
		return false
	}
	r.got(f)
	return true
}

func (r *restless) Resume() { r.resumed <- struct{}{} }

func (r *restless) got(f live.Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq := f.Event.Position(); seq != r.last+1 {
		r.wrong = append(r.wrong, r.last, seq)
	}
	r.last = f.Event.Position()
}

func (r *restless) reached(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last >= seq
}

// TestRestless: whoever parks while frames are being handed out has had them already, or gets them,
// and never both.
func TestRestless(t *testing.T) {
	const listeners, events = 16, lastEvent
	defer runtime.GOMAXPROCS(
		runtime.GOMAXPROCS(16),
	) // more than there are, so that they interrupt each other anywhere
	log := &fakeLog{}
	hub := live.NewHub(t.Context(), log, log, live.Options{})
	defer hub.Close()
	room := uuid.New()
	var running sync.WaitGroup
	all := make([]*restless, listeners)
	for i := range all {
		r := &restless{resumed: make(chan struct{}, 1)}
		all[i] = r
		a := subscribe(hub, room, "the same", 0, 0, new(printer).render)
		running.Go(func() { // ends with the last event
			defer a.Leave()
			for {
				if a.Park(r) {
					<-r.resumed
				}
				frames, err := a.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for _, f := range frames {
					r.got(f)
					if f.Event.Position() == events {
						return
					}
				}
			}
		})
	}
	for seq := int64(1); seq <= events; seq++ {
		log.set(func(l *fakeLog) { l.head = seq })
		hub.Receive(broker.Publication{Room: room, Seq: seq})
		for _, r := range all { // in step, so that some wait by themselves and some are parked whenever one comes
			for !r.reached(seq) {
				runtime.Gosched()
			}
		}
	}
	running.Wait()
	for i, r := range all {
		if len(r.wrong) > 0 {
			t.Errorf("listener %d: %v", i, r.wrong[:min(len(r.wrong), 10)])
		}
	}
}
