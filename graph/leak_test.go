package graph_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"parley/internal/testkit"
	"parley/internal/testkit/scale"
)

// TestNothingLeaks subscribes and completes many times, and cuts many connections: afterwards the
// server is as it was.
func TestNothingLeaks(t *testing.T) {
	const sockets = 8
	cycles, cuts := scale.Or(10_000, 2_000), scale.Or(2_000, 400)
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")
	room := makeRoom(alice, nil)
	payload, err := json.Marshal(
		testkit.Vars{"query": messageAdded, "variables": testkit.Vars{"room": room, "after": 0}},
	)
	if err != nil {
		t.Fatal(err)
	}
	cycle := func(times int) {
		inParallel(sockets, func() int {
			socket := alice.Socket()
			defer socket.Close()
			for i := range times / sockets {
				id := fmt.Sprint(i)
				socket.Send(
					`{"id":"` + id + `","type":"subscribe","payload":` + string(payload) + `}`,
				)
				socket.Send(`{"id":"` + id + `","type":"complete"}`)
			}
			socket.Send(`{"type":"ping"}`)
			socket.AwaitPong()
			return 0
		})
	}
	cut := func(times int) {
		inParallel(sockets, func() int {
			for range times / sockets {
				socket := alice.Socket()
				socket.Send(`{"id":"1","type":"subscribe","payload":` + string(payload) + `}`)
				socket.Cut()
			}
			return 0
		})
	}
	cycle(cycles / 20)
	cut(cuts / 20)
	goroutines, heap := waitForGoroutines(t, 0)
	cycle(cycles)
	cut(cuts)
	after, heapAfter := waitForGoroutines(t, goroutines)
	if after > goroutines+5 {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", after, goroutines, buf[:runtime.Stack(buf, true)])
	}
	if heapAfter > heap+8<<20 {
		t.Errorf("the heap has grown from %d to %d KiB", heap>>10, heapAfter>>10)
	}
}

// waitForGoroutines waits until there are few goroutines, or as few as there will be, and returns
// their number and the size of the heap.
func waitForGoroutines(t *testing.T, few int) (goroutines int, heap uint64) {
	t.Helper()
	least, since := runtime.NumGoroutine(), time.Now()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline) && time.Since(since) < 2*time.Second && least > few; {
		time.Sleep(20 * time.Millisecond) // of real connections, whose end the kernel tells
		if n := runtime.NumGoroutine(); n < least {
			least, since = n, time.Now()
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}
