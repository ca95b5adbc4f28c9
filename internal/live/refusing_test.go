package live_test

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// lastEvent is refused by all parked sinks, so that their subscribers read it with Next.
const lastEvent = 4999

// refusingSink is a sink that refuses now and then, so that its subscriber is parked again and
// again.
type refusingSink struct {
	mu    sync.Mutex
	last  int64
	wrong []int64
	woken chan struct{}
}

func (r *refusingSink) Ready() bool { return true }

func (r *refusingSink) Send(payload []byte) bool {
	if string(payload) == strconv.Itoa(lastEvent) || rand.IntN(4) == 0 {
		return false
	}
	r.receive(payload)
	return true
}

func (r *refusingSink) Wake() { r.woken <- struct{}{} }

func (r *refusingSink) receive(payload []byte) (seq int64) {
	seq, err := strconv.ParseInt(string(payload), 10, 64)
	if err != nil {
		panic(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	want := r.last + 1
	for !shown(want) {
		want++
	}
	if seq != want {
		r.wrong = append(r.wrong, r.last, seq)
	}
	r.last = seq
	return seq
}

func (r *refusingSink) reached(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !shown(seq) || r.last >= seq
}

// TestRestless: a subscriber that parks while frames are being sent has received them already, or
// receives them, and never both.
func TestRestless(t *testing.T) {
	const subscribers, events = 16, lastEvent
	// More than there are, so that they interrupt each other anywhere.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	log := &fakeLog{}
	hub := live.NewHub(t.Context(), log, log, live.Options{})
	defer hub.Close()
	room := uuid.New()
	var running sync.WaitGroup
	all := make([]*refusingSink, subscribers)
	for i := range all {
		r := &refusingSink{woken: make(chan struct{}, 1)}
		all[i] = r
		s := subscribe(hub, room, "the same", 0, 0, new(printer).render)
		running.Go(func() { // ends with the last event
			defer s.Close()
			for {
				if s.Park(r) {
					<-r.woken
				}
				payloads, err := s.Next(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for _, payload := range payloads {
					if r.receive(payload) == events {
						return
					}
				}
			}
		})
	}
	for seq := int64(1); seq <= events; seq++ {
		log.set(func(l *fakeLog) { l.head = seq })
		hub.Receive(broker.Publication{Room: room, Seq: seq})
		for _, r := range all { // in step, so that some are parked whenever one comes, and some not
			for !r.reached(seq) {
				runtime.Gosched()
			}
		}
	}
	running.Wait()
	for i, r := range all {
		if len(r.wrong) > 0 {
			t.Errorf("subscriber %d: %v", i, r.wrong[:min(len(r.wrong), 10)])
		}
	}
}
