package limit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/limit"
)

// TestExecutionsAreFair: one user acquires far more executions and memory than there are. Another
// user and a shared execution need not wait.
func TestExecutionsAreFair(t *testing.T) {
	t.Parallel()
	for name, bytes := range map[string]int64{"heavy": 50, "light": 0} {
		synctest.Test(t, func(t *testing.T) {
			e := limit.NewExecutions(400)
			if e.Quota() != 50 {
				t.Errorf("the quota is %d", e.Quota())
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			running := 0
			var mu sync.Mutex
			for range 1000 {
				go func() {
					execution, err := e.Acquire(ctx, "greedy", "room", bytes)
					if err != nil {
						return // the test is over
					}
					mu.Lock()
					running++
					mu.Unlock()
					<-ctx.Done()
					execution.Release()
				}()
			}
			synctest.Wait()
			if want := map[string]int{"heavy": 1, "light": 4}[name]; running != want {
				t.Errorf("%s: %d executions of one user run, want %d", name, running, want)
			}
			begun := time.Now()
			for _, user := range []string{"modest", ""} {
				execution, err := e.Acquire(t.Context(), user, "room", 50)
				if err != nil || time.Since(begun) != 0 {
					t.Errorf("%s: %q waits %v: %v", name, user, time.Since(begun), err)
				}
				execution.Release()
			}
			if n := e.Stats().Waiting; n != 1000-int64(running) {
				t.Errorf("%s: %d wait", name, n)
			}
		})
	}
	var none *limit.Executions
	execution, err := none.Acquire(t.Context(), "a", "b", 1<<40)
	if err != nil || none.Quota() != 0 || none.Stats() != (limit.MemoryStats{}) {
		t.Error(err)
	}
	execution.Release()
}
