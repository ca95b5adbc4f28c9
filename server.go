// Parley is a chat-room server with a GraphQL API and live subscriptions.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"parley/internal/app"
	"parley/internal/config"
)

func main() { os.Exit(run()) }

// run returns the exit code: 0 after a clean shutdown, 1 if serving failed, 2 if a setting cannot
// work, or a file or database that it names.
func run() int {
	cfg, err := config.Parse(os.Args[1:], os.Environ(), "parley "+version(), os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, config.ErrPrinted):
		return 0
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "parley:", err)
		return 2
	}
	logger := newLogger(cfg, os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals()...)
	defer stop()
	context.AfterFunc(ctx, stop)   // the second signal ends the process at once
	signal.Ignore(syscall.SIGPIPE) // a log that cannot be written any more is no reason to end
	do, out := app.RunWith, io.Writer(os.Stdout)
	switch cfg.Command {
	case config.Prune:
		do = app.Prune
	case config.Token:
		do = app.Token
	case config.Check:
		do = app.Check
	case config.CheckDocuments:
		do = app.CheckDocuments
	case config.Serve:
		if !isTerminal(os.Stdout) { // a service has the log
			out = io.Discard
		}
	}
	if err := do(ctx, cfg, logger, out, app.Options{Version: version()}); err != nil {
		if invalid := (*config.InvalidError)(nil); errors.As(err, &invalid) {
			_, _ = fmt.Fprintln(os.Stderr, "parley:", err)
			return 2
		}
		if errors.Is(err, app.ErrFailed) {
			return 1
		}
		logger.Error("parley has ended", "error", err)
		return 1
	}
	return 0
}

// stopSignals returns the signals that begin a shutdown. SIGHUP is one of them if the process has a
// terminal, which has been closed then. A service has none: there tools send SIGHUP to have
// settings or logs opened again, and it is ignored.
func stopSignals() []os.Signal {
	stop := []os.Signal{os.Interrupt, syscall.SIGTERM}
	terminal, err := os.Open("/dev/tty")
	if err == nil {
		_ = terminal.Close()
	}
	if err == nil && !signal.Ignored(syscall.SIGHUP) { // nohup has it ignored
		return append(stop, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGHUP)
	return stop
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func newLogger(cfg config.Config, out *os.File) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.Level()}
	if cfg.LogJSON(isTerminal(out)) {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// release is the version of a program that was built where the Go tool cannot tell it, as in an
// image. The linker sets it.
var release string //nolint:gochecknoglobals // the linker sets nothing else

// version is the release, or that of the module, as the Go tool has recorded it.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
