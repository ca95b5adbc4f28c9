package live_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// committed is a publication with the numbers from first to last as its commit.
func committed(room uuid.UUID, first, last int64) broker.Publication {
	return broker.Publication{Room: room, Seq: last, Commit: numbers{first, last}}
}

// seqs receives n events, and returns their seqs.
func seqs(t *testing.T, s live.Subscriber, n int) (got []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(got) < n {
		payloads, err := next(ctx, s)
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		for _, payload := range payloads {
			seq, err := strconv.ParseInt(string(payload), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, seq)
		}
	}
	return got
}

// TestPublications: the events of publications reach subscribers in order and once, and the log is
// read only where something is missing.
func TestPublications(t *testing.T) {
	room := uuid.New()
	p := func(first, last int64) broker.Publication { return committed(room, first, last) }
	for name, test := range map[string]struct {
		publications []broker.Publication
		pause        time.Duration // before the last
		reads        int
	}{
		"in order":       {[]broker.Publication{p(1, 1), p(2, 4), p(5, 5)}, 0, 0},
		"doubled":        {[]broker.Publication{p(1, 2), p(1, 2), p(2, 4), p(1, 5)}, 0, 0},
		"out of order":   {[]broker.Publication{p(3, 3), p(5, 5), p(2, 2), p(4, 4), p(1, 1)}, 0, 0},
		"late":           {[]broker.Publication{p(1, 1), p(3, 5), p(2, 2)}, 4 * time.Millisecond, 0},
		"too late":       {[]broker.Publication{p(1, 1), p(3, 5), p(2, 2)}, 6 * time.Millisecond, 1},
		"lost":           {[]broker.Publication{p(1, 1), p(3, 5)}, 0, 1},
		"with seqs only": {[]broker.Publication{{Room: room, Seq: 5}}, 0, 1},
		"truncated": {
			[]broker.Publication{p(1, 1), {Room: room, Seq: 5, Commit: numbers{2, 4}}}, 0, 1,
		},
		"of another form": {[]broker.Publication{{Room: room, Seq: 5, Commit: &broker.Encoded{}}}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
				a := join(hub, room, 0, 0)
				defer a.Close()
				synctest.Wait()
				before, begun := 0, time.Now()
				log.set(func(l *fakeLog) { before, l.head = l.reads, 5 })
				for i, publication := range test.publications {
					if i == len(test.publications)-1 {
						time.Sleep(test.pause)
					}
					hub.Receive(publication)
				}
				for i, seq := range seqs(t, a, 5) {
					if seq != int64(i)+1 {
						t.Errorf("event %d comes in place %d", seq, i)
					}
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("the events take %s: no publication brings them", took)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				log.set(func(l *fakeLog) {
					if l.reads-before != test.reads {
						t.Errorf("the log was read %d times, want %d", l.reads-before, test.reads)
					}
				})
			})
		})
	}
}

// TestPublicationsWithoutSubscribers: a node does not decode publications without subscribers.
func TestPublicationsWithoutSubscribers(t *testing.T) {
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		hub.Receive(broker.Publication{Room: uuid.New(), Seq: 5, Commit: &broker.Encoded{}})
		hub.Receive(broker.Publication{
			Room: uuid.New(), Created: true, Public: true, Users: []string{"alice"},
			Commit: &broker.Encoded{},
		})
		if n := hub.Stats().Undecoded; n != 0 {
			t.Errorf("%d publications were decoded", n)
		}
	})
}

// TestErasedEventsAreReadAgain: a subscriber that is behind an event which erases a message reads
// the events before it from the log, not from memory.
func TestErasedEventsAreReadAgain(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		log.set(func(l *fakeLog) { l.head = erasing - 5 })
		a := join(hub, room, erasing-5, erasing-5)
		defer a.Close()
		synctest.Wait()
		before := 0
		log.set(func(l *fakeLog) { before, l.head = l.reads, erasing })
		for seq := int64(erasing - 4); seq <= erasing; seq++ {
			hub.Receive(committed(room, seq, seq))
			synctest.Wait() // rendered, and not taken
		}
		got := seqs(t, a, 5)
		if got[0] != erasing-4 || got[4] != erasing {
			t.Errorf("received %v", got)
		}
		log.set(func(l *fakeLog) {
			if l.reads == before {
				t.Error("what was erased comes from memory")
			}
		})
	})
}
