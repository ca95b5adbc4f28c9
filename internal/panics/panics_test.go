package panics_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"parley/internal/panics"
)

func TestRun(t *testing.T) {
	var log bytes.Buffer
	guard := panics.NewGuard(slog.New(slog.NewTextHandler(&log, nil)))
	if err := guard.Run(t.Context(), panics.Event, func() error { return nil }); err != nil {
		t.Errorf("without a panic: %v", err)
	}
	failed := errors.New("failed")
	err := guard.Run(t.Context(), panics.Event, func() error { return failed })
	if !errors.Is(err, failed) || panics.Is(err) {
		t.Errorf("an error is %v", err)
	}
	err = guard.Run(t.Context(), panics.Event, func() error { panic("boom") })
	if !panics.Is(err) || err.Error() != "panic in event: boom" {
		t.Errorf("a panic is %v", err)
	}
	if n := guard.Count(panics.Event); n != 1 {
		t.Errorf("%d panics are counted", n)
	}
	lines := strings.Count(log.String(), "\n")
	if lines != 1 || !strings.Contains(log.String(), "panics_test.TestRun") {
		t.Errorf("the log has %d lines, or no stack:\n%s", lines, log.String())
	}
}

// TestWrap calls what fails the work, and contains its panic, too.
func TestWrap(t *testing.T) {
	guard := panics.NewGuard(slog.New(slog.DiscardHandler))
	var failed error
	guard.Wrap(t.Context(), panics.Socket, func() { panic("first") }, func(err error) {
		failed = err
		panic("second")
	})()
	if !panics.Is(failed) || guard.Count(panics.Socket) != 2 {
		t.Errorf("failed with %v; %d are counted", failed, guard.Count(panics.Socket))
	}
	guard.Wrap(
		t.Context(),
		panics.Socket,
		func() {},
		func(err error) { t.Errorf("no panic, and %v", err) },
	)()
}

// broken is a handler of logs that panics.
type broken struct{ slog.Handler }

func (broken) Handle(context.Context, slog.Record) error { panic("log") }

func TestBrokenLog(t *testing.T) {
	guard := panics.NewGuard(slog.New(broken{slog.NewTextHandler(new(bytes.Buffer), nil)}))
	guard.Wrap(t.Context(), panics.Write, func() { panic("boom") }, nil)()
	if n := guard.Count(panics.Write); n != 1 {
		t.Errorf("%d panics are counted", n)
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, where := range panics.All() {
		if name := where.String(); name == "" || seen[name] {
			t.Errorf("%d is called %q", where, name)
		} else {
			seen[name] = true
		}
	}
}
