package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"parley/internal/config"
	"parley/internal/panics"
	"parley/internal/tracing"
)

// flushTimeout is how long the collector may take for what is left when a node ends.
const flushTimeout = 5 * time.Second

// traces export requests, operations and statements; nil if tracing is off.
type traces struct {
	request   func(*http.Request) (*http.Request, func(route string, status int))
	operation func(ctx context.Context, kind, field, name string) (context.Context, func(outcome string))
	statement func(ctx context.Context, system, query string) func(error)
	close     func(context.Context) error
}

// newTraces returns what is configured, and a logger that says in which trace a line was logged.
func newTraces(
	ctx context.Context,
	cfg config.Config,
	version string,
	logger *slog.Logger,
	guard *panics.Guard,
) (traces, *slog.Logger, error) {
	if cfg.TracesURL == "" {
		return traces{close: func(context.Context) error { return nil }}, logger, nil
	}
	t, err := tracing.New(ctx, tracing.Config{
		URL:     cfg.TracesURL,
		Ratio:   cfg.TraceSampleRatio,
		Version: version,
		Log:     logger,
		Panics:  guard,
	})
	if err != nil {
		return traces{}, nil, err
	}
	return traces{
			t.Request,
			t.Operation,
			t.Statement,
			t.Close,
		}, slog.New(
			tracing.Logs(logger.Handler()),
		), nil
}

// flush exports the spans that are left, and closes the exporter.
func (t traces) flush(ctx context.Context, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if err := t.close(ctx); err != nil {
		logger.WarnContext(ctx, "last traces not exported", "error", err)
	}
}
