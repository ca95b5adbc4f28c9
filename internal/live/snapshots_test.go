package live_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"parley/internal/live"
	"parley/internal/panics"
)

// taken takes snapshots of a room: they are its version.
type taken struct {
	mu      sync.Mutex
	version int
	calls   int
	bytes   int
	fail    error
}

func (v *taken) take(context.Context) (int, int, error) {
	v.mu.Lock()
	version, fail := v.version, v.fail
	v.calls++
	v.mu.Unlock()
	time.Sleep(time.Second)
	return version, v.bytes, fail
}

func (v *taken) set(version int, fail error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.version, v.fail = version, fail
}

func atLeast(least int) func(int) bool { return func(version int) bool { return version >= least } }

// TestSnapshotsAreShared: many callers take one snapshot, also later ones, until it is too old or
// its time has come.
func TestSnapshotsAreShared(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		s, room, v := live.NewSnapshots[int](hub), uuid.New(), &taken{version: 1, bytes: 100}
		get := func(key string, least int) {
			version, err := s.Get(t.Context(), room, key, atLeast(least), v.take)
			if err != nil || version < least {
				t.Errorf("got version %d, %v; want %d", version, err, least)
			}
		}
		var all sync.WaitGroup
		together := func(least int) {
			for range 1000 {
				all.Go(func() { get("a", least) })
			}
			synctest.Wait()
		}
		together(1)
		// The room changes while a snapshot is taken: later callers need another one.
		v.set(2, nil)
		together(2)
		all.Wait()
		together(2)
		all.Wait()
		if v.calls != 2 {
			t.Errorf("3,000 callers have taken %d snapshots", v.calls)
		}
		get("b", 2)
		if v.calls != 3 || hub.Stats().BufferedBytes != 200 {
			t.Errorf(
				"%d snapshots have been taken, with %d bytes",
				v.calls,
				hub.Stats().BufferedBytes,
			)
		}
		time.Sleep(time.Minute)
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are kept for good", kept)
		}
		get("a", 2)
		if v.calls != 4 {
			t.Error("a snapshot is kept for good")
		}
		time.Sleep(time.Minute)
	})
}

// TestSnapshotsAreBounded: the oldest snapshots make room for newer ones.
func TestSnapshotsAreBounded(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		const most = 16 << 20
		s, room := live.NewSnapshots[int](hub), uuid.New()
		v := &taken{bytes: most / 10}
		for i := range 25 {
			if _, err := s.Get(t.Context(), room, strconv.Itoa(i), atLeast(0), v.take); err != nil {
				t.Fatal(err)
			}
			if kept := hub.Stats().BufferedBytes; kept > most {
				t.Fatalf("%d bytes are kept", kept)
			}
		}
		for _, key := range []string{"24", "16"} {
			_, _ = s.Get(t.Context(), room, key, atLeast(0), v.take)
		}
		if v.calls != 25 {
			t.Error("a recent snapshot is not kept")
		}
		v.bytes = 2 * most
		_, _ = s.Get(t.Context(), room, "large", atLeast(0), v.take)
		if kept := hub.Stats().BufferedBytes; kept != 0 {
			t.Errorf("%d bytes are kept beside what is too large", kept)
		}
	})
}

// TestSnapshotsFail: a failure goes to all waiting callers, and the next caller retries. A caller
// that gives up does not end the snapshot for the others.
func TestSnapshotsFail(t *testing.T) {
	t.Parallel()
	inHub(t, func(t *testing.T, _ *fakeLog, hub *live.Hub) {
		s, room, broken := live.NewSnapshots[int](hub), uuid.New(), errors.New("broken")
		v := &taken{fail: broken}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := s.Get(
					t.Context(),
					room,
					"",
					atLeast(0),
					v.take,
				); !errors.Is(
					err,
					broken,
				) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		v.set(1, nil)
		impatient, cancel := context.WithCancel(t.Context())
		for i, ctx := range []context.Context{t.Context(), impatient} {
			all.Go(func() {
				_, err := s.Get(ctx, room, "", atLeast(0), v.take)
				if i == 0 && err != nil || i == 1 && !errors.Is(err, context.Canceled) {
					t.Errorf("caller %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		cancel()
		all.Wait()
		if v.calls != 2 {
			t.Errorf("%d snapshots have been taken", v.calls)
		}
		_, err := s.Get(t.Context(), room, "panic", atLeast(0),
			func(context.Context) (int, int, error) { panic("mistake") })
		if !panics.Is(err) {
			t.Errorf("after a panic: %v", err)
		}
		time.Sleep(time.Minute)
	})
}
