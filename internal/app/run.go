package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"time"

	"parley/internal/config"
)

const (
	// headerTimeout is how long a client may take to send a request's headers, readTimeout to send all of it;
	// writeTimeout is how long it may then wait for the response and take to read it; idleTimeout how long a connection
	// may wait for its next request. GraphQL operations have limits of their own instead, in package web, and WebSockets
	// others. A request that is refused unread has them too: net/http reads its body before it writes the refusal.
	headerTimeout = 10 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	// headerBytes bounds a request's headers; a token has at most 8 KiB.
	headerBytes = 32 << 10
	// heapFloor is how many bytes the heap seems to have in use always. They are never touched, so they take no memory; but
	// the collector runs when the heap has doubled, which without them a small server does many times a second.
	heapFloor = 32 << 20
)

// Run serves until ctx ends and then drains: sockets are told to come back, requests in flight get their answers, for at
// most the configured time. It prints where to go to stdout. Where ctx ends while the server starts, as it may for long
// when another process migrates the database, Run gives up and returns nil: nothing was cut off.
func Run(ctx context.Context, cfg config.Config, logger *slog.Logger, stdout io.Writer) error {
	return RunWith(ctx, cfg, logger, stdout, Options{})
}

// RunWith is Run with options.
func RunWith(ctx context.Context, cfg config.Config, logger *slog.Logger, stdout io.Writer, opts Options) (err error) {
	a, err := New(ctx, cfg, logger, opts)
	switch {
	case err != nil && ctx.Err() != nil:
		logger.Info("stopped while starting", "error", err)
		return nil
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()

	floor := make([]byte, heapFloor)
	defer runtime.KeepAlive(floor)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen (choose another address with PARLEY_ADDR or --addr): %w", err)
	}
	server := newHTTPServer(a.Handler(), logger, readTimeout, writeTimeout)
	welcome(stdout, cfg, listener.Addr())

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with Shutdown or Close below
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	logger.Info("shutting down", "limit_ms", cfg.ShutdownTimeout.Milliseconds())
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
	defer cancel()
	sockets := make(chan error, 1)
	go func() { sockets <- a.Shutdown(drain) }() // ends with drain at the latest
	err = server.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("some requests were cut off: %w", err), server.Close())
	}
	err = errors.Join(err, <-sockets)
	<-served
	return err
}

func newHTTPServer(handler http.Handler, logger *slog.Logger, read, write time.Duration) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: min(headerTimeout, read),
		ReadTimeout:       read,
		WriteTimeout:      write,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// welcome tells a person where to go.
func welcome(stdout io.Writer, cfg config.Config, addr net.Addr) {
	if cfg.Development() {
		_, _ = fmt.Fprintf(stdout, "Parley runs in development mode: anybody on this machine can sign in as anyone.\n"+
			"To run it for others, set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.\n\n")
	}
	_, _ = fmt.Fprintf(stdout, "  Chat        http://%s/app\n  Playground  http://%[1]s/\n  GraphQL     http://%[1]s/graphql\n\n", addr)
}
