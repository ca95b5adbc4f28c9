// Parley is a chat-room server with a GraphQL API and live subscriptions.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"parley/internal/app"
	"parley/internal/config"
)

func main() { os.Exit(run()) }

// run returns the exit code: 0 after a clean shutdown, 1 if serving failed, 2 if a setting cannot work, or a file or database that it
// names.
func run() int {
	cfg, err := config.Parse(os.Args[1:], os.LookupEnv, version(), os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, config.ErrAnswered):
		return 0
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "parley:", err)
		return 2
	}
	logger := newLogger(cfg, os.Stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	if err := app.RunWith(ctx, cfg, logger, os.Stdout, app.Options{Version: version()}); err != nil {
		if invalid := (*config.InvalidError)(nil); errors.As(err, &invalid) {
			_, _ = fmt.Fprintln(os.Stderr, "parley:", err)
			return 2
		}
		logger.Error("parley has ended", "error", err)
		return 1
	}
	return 0
}

func newLogger(cfg config.Config, out *os.File) *slog.Logger {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	options := &slog.HandlerOptions{Level: cfg.Level()}
	if cfg.LogJSON(terminal) {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// release is the version of a program that was built where the Go tool cannot tell it, as in an image. The linker sets it.
var release string //nolint:gochecknoglobals // the linker sets nothing else

// version is the release, or that of the module, as the Go tool has recorded it.
func version() string {
	if release != "" {
		return "parley " + release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "parley (unknown version)"
	}
	return "parley " + info.Main.Version
}
