package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"parley/internal/config"
	"parley/internal/conns"
	"parley/internal/limit"
	"parley/internal/panics"
	"parley/internal/store"
	"parley/internal/web"
)

const (
	// headerTimeout is how long a client may take to send a request's headers, readTimeout to send
	// all of it; writeTimeout is how long it may then wait for the response and take to read it;
	// idleTimeout how long a connection may wait for its next request. GraphQL operations have
	// limits of their own instead, in package web, and WebSockets others. A request that is refused
	// unread has them too: net/http reads its body before it writes the refusal.
	headerTimeout = 10 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
	// headerBytes bounds a request's headers; a token has at most 8 KiB.
	headerBytes = 32 << 10
	// heapFloor is how many bytes the heap seems to have in use always. They are never touched, so
	// they take no memory; but the collector runs when the heap has doubled, which without them a
	// small server does many times a second.
	heapFloor = 32 << 20
)

// Run serves until ctx ends and then drains: it closes the sockets so that clients reconnect, and
// completes requests in flight, for at most the configured time. It prints its address to stdout.
// If ctx ends while the server starts, as it may for long when another process migrates the
// database, Run gives up and returns nil: nothing was cut off.
//
// It returns a [config.InvalidError] if a setting cannot work, or a file or database that it names:
// then no file has been changed.
func Run(ctx context.Context, cfg config.Config, logger *slog.Logger, stdout io.Writer) error {
	return RunWith(ctx, cfg, logger, stdout, Options{})
}

// RunWith is Run with options.
func RunWith(
	ctx context.Context,
	cfg config.Config,
	logger *slog.Logger,
	stdout io.Writer,
	opts Options,
) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return notListening("listen (choose another address with PARLEY_ADDR or --addr)", err)
	}
	var operators net.Listener
	sockets, connections := fitDescriptors(cfg, logger)
	cfg.MaxSockets = sockets
	reporter := limit.NewReporter(logger)
	public := conns.NewListener(listener, connections, excessConnections, func(name string) {
		reporter.Reached(name, descriptorsAdvice)
	})
	if cfg.AdminAddr != "" {
		if operators, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.AdminAddr); err != nil {
			return errors.Join(
				notListening("listen for operators (PARLEY_ADMIN_ADDR or --admin-addr)", err),
				listener.Close(),
			)
		}
	}
	swappable := newSwappableHandler(web.Starting())
	proxies := newProxies(cfg)
	client := func(r *http.Request) netip.Addr {
		address, _ := proxies.Client(r)
		return address
	}
	server := newHTTPServer(
		public.Handler(probesOnly(swappable), client), logger, readTimeout, writeTimeout,
	)
	server.ConnState, server.ConnContext = public.ConnState, public.ConnContext
	served := make(chan error, 1)
	go func() { served <- server.Serve(public) }() // ends with Shutdown or Close
	defer func() {
		if err != nil {
			_ = server.Close() // it has nothing to serve any more
			if operators != nil {
				_ = operators.Close()
			}
		}
	}()

	a, err := open(ctx, cfg, logger, opts)
	switch {
	case err != nil && ctx.Err() != nil:
		logger.Info("stopped while starting", "error", err)
		return errors.Join(server.Close(), ended(<-served))
	case err != nil:
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	floor := make([]byte, heapFloor)
	defer runtime.KeepAlive(floor)
	handler := a.Handler()
	swappable.Store(&handler)
	registerConnections(a.metrics, public)
	if operators != nil {
		limited := conns.NewListener(
			operators,
			operatorConnections,
			excessConnections,
			func(name string) {
				reporter.Reached("operators_"+name, descriptorsAdvice)
			},
		)
		private := newHTTPServer(
			limited.Handler(a.Operators(), client),
			logger,
			readTimeout,
			2*time.Minute,
		) // a profile takes its time
		private.ConnState, private.ConnContext = limited.ConnState, limited.ConnContext
		served := make(chan error, 1)
		go func() { served <- private.Serve(limited) }() // ends with Close below
		defer func() { err = errors.Join(err, private.Close(), ended(<-served)) }()
	}
	logger.Info("ready", "version", opts.Version, "address", listener.Addr().String(),
		"database", a.db.Dialect(), "mode", modeOf(cfg))
	printWelcome(stdout, cfg, listener.Addr())

	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	logger.Info("shutting down", "limit_ms", cfg.ShutdownTimeout.Milliseconds())
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.ShutdownTimeout)
	defer cancel()
	closed := make(chan error, 1)
	// It ends with drain at the latest.
	go a.panics.Wrap(drain, panics.Background,
		func() { closed <- a.Shutdown(drain) }, func(err error) { closed <- err })()
	err = server.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("some requests were cut off: %w", err), server.Close())
	}
	err = errors.Join(err, <-closed)
	<-served
	return err
}

// notListening is why an address cannot be listened on. It is the setting's fault unless another
// process has the address, which may be about to end.
func notListening(what string, err error) error {
	wrapped := fmt.Errorf("%s: %w", what, err)
	if errors.Is(err, syscall.EADDRINUSE) {
		return wrapped
	}
	return &config.InvalidError{Err: wrapped}
}

// ended is the error of a server that has ended because it was closed: none.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

const (
	// A database that is away is asked again after so long at first, and at last.
	minOpenPause, maxOpenPause = 200 * time.Millisecond, 5 * time.Second
)

// open is New, which waits for a PostgreSQL that is away for as long as ctx lasts.
func open(ctx context.Context, cfg config.Config, logger *slog.Logger, opts Options) (*App, error) {
	for wait := minOpenPause; ; wait = min(2*wait, maxOpenPause) {
		a, err := New(ctx, cfg, logger, opts)
		if err == nil || !cfg.Postgres() || !store.IsUnavailable(err) {
			return a, err
		}
		logger.Warn(
			"the database cannot be reached: it is tried again",
			"error",
			err,
			"wait_ms",
			wait.Milliseconds(),
		)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// swappableHandler serves with the handler that is set at the moment.
type swappableHandler struct{ atomic.Pointer[http.Handler] }

func newSwappableHandler(handler http.Handler) *swappableHandler {
	f := new(swappableHandler)
	f.Store(&handler)
	return f
}

// ServeHTTP is [http.Handler]'s.
func (f *swappableHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*f.Load()).ServeHTTP(w, r)
}

func newHTTPServer(
	handler http.Handler,
	logger *slog.Logger,
	read, write time.Duration,
) *http.Server {
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

func modeOf(cfg config.Config) string {
	if cfg.Development() {
		return "development"
	}
	return "production"
}

// printWelcome prints the URLs of the server, as this machine reaches them.
func printWelcome(stdout io.Writer, cfg config.Config, addr net.Addr) {
	if cfg.Development() {
		_, _ = fmt.Fprintf(
			stdout,
			"Parley runs in development mode: every user of this machine can sign in as anyone.\n"+
				"To run it for others, set PARLEY_JWT_SECRET or PARLEY_JWKS_URL.\n\n",
		)
	}
	host := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		// Every address is none to go to: from outside of a container nothing is at [::].
		host = net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	_, _ = fmt.Fprintf(
		stdout,
		"  Chat        http://%s/app\n  Playground  http://%[1]s/\n  GraphQL     http://%[1]s/graphql\n\n",
		host,
	)
}
