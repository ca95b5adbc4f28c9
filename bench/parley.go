package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"parley/internal/app"
	"parley/internal/config"
)

// newParley starts a node of Parley as in production, on a database or, if that is "", on SQLite in
// a temporary file. observe is called with each SQL statement.
func newParley(
	ctx context.Context,
	secret, database string,
	observe func(query string),
) (http.Handler, func() error, error) {
	folder, err := os.MkdirTemp("", "parley-bench-")
	if err != nil {
		return nil, nil, err
	}
	cfg := config.Defaults().WithoutRates() // all requests come from one address
	if database == "" {
		database = "sqlite:" + filepath.Join(folder, "parley.db")
	}
	cfg.DatabaseURL = config.Secret(database)
	cfg.JWTSecret = config.Secret(secret)
	node, err := app.New(
		ctx,
		cfg,
		slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		app.Options{
			Observe: func(_ context.Context, query string) { observe(query) },
		},
	)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(folder))
	}
	return node.Handler(), func() error {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = node.Shutdown(ctx) // the sockets are closed by now, or are cut off
		return errors.Join(node.Close(), os.RemoveAll(folder))
	}, nil
}
