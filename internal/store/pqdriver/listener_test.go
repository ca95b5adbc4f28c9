package pqdriver_test

import (
	"context"
	"log/slog"
	"testing"

	"parley/internal/store/pqdriver"
)

// TestPingRefused: the listener continues if the server responds to its ping with an error.
func TestPingRefused(t *testing.T) {
	t.Parallel()
	pinged := make(chan struct{}, 10)
	_, url := newFakePostgres(t, func(query string) response {
		if query != "" {
			return response{}
		}
		pinged <- struct{}{}
		return response{severity: "ERROR", code: "57014"} // canceled by an operator
	})
	ctx, stop := context.WithCancel(t.Context())
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	l, err := pqdriver.NewListener(ctx, url, logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	l.Listen("some channel", func(string) {}, func() {})
	<-pinged
	<-pinged
}
