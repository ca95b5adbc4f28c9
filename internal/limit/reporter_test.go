package limit_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/internal/limit"
)

// TestReporter: one line per limit and minute, with the number of refusals since the line before.
func TestReporter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := limit.NewReporter(slog.New(slog.NewTextHandler(&log, nil)))
		for range 5 {
			r.Reached("requests", "PARLEY_X")
		}
		r.Reached("messages", "PARLEY_Y")
		time.Sleep(time.Minute)
		r.Reached("requests", "PARLEY_X")
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines:\n%s", len(lines), log.String())
		}
		for i, want := range []string{
			"limit=requests refused=1 setting=PARLEY_X", "limit=messages refused=1 setting=PARLEY_Y",
			"limit=requests refused=5 setting=PARLEY_X",
		} {
			if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "level=WARN") {
				t.Errorf("line %d is %s, want %s", i, lines[i], want)
			}
		}
	})
}
