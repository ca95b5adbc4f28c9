package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/broker"
	"parley/internal/live"
)

// TestNewerPageIsKept: a page that was replaced, because an event erased what it shows, does not
// take the newer one away when its time is over.
func TestNewerPageIsKept(t *testing.T) {
	inHub(t, func(t *testing.T, log *fakeLog, hub *live.Hub) {
		room := uuid.New()
		log.set(func(l *fakeLog) { l.head = erasing - 1 })
		parked := subscribe(hub, room, "same", erasing-1, erasing-1, new(printer).render)
		defer parked.Close()
		parked.Park(&fakeSink{})
		catchUp := func(head, pages int64) {
			t.Helper()
			late := subscribe(hub, room, "same", 0, head, new(printer).render)
			defer late.Close()
			if payloads, err := late.Next(t.Context()); err != nil || len(payloads) == 0 {
				t.Fatalf("history: %s, %v", payloads, err)
			}
			if got := hub.Stats().Pages; got != pages {
				t.Errorf("%d pages were rendered, want %d", got, pages)
			}
		}
		catchUp(erasing-1, 1) // kept for two seconds
		time.Sleep(time.Second)
		log.set(func(l *fakeLog) { l.head = erasing })
		hub.Receive(broker.Publication{Room: room, Seq: erasing})
		synctest.Wait()
		catchUp(erasing, 2)
		time.Sleep(1500 * time.Millisecond) // the first page's time is over
		catchUp(erasing, 2)
		time.Sleep(time.Second)
		catchUp(erasing, 3)
		time.Sleep(time.Minute)
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are still kept", kept)
		}
	})
}
