package app_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/app"
	"parley/internal/config"
)

// TestInvalidSettings: what cannot work is an InvalidError, and no file is made.
func TestInvalidSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(dir string, cfg *config.Config){
		"no manifest": func(dir string, cfg *config.Config) { cfg.TrustedDocuments = filepath.Join(dir, "absent.json") },
		"a malformed manifest": func(dir string, cfg *config.Config) {
			cfg.TrustedDocuments = filepath.Join(dir, "manifest.json")
			if err := os.WriteFile(cfg.TrustedDocuments, []byte("{"), 0o600); err != nil {
				t.Error(err)
			}
		},
		"an address of another machine": func(_ string, cfg *config.Config) { cfg.Addr = "192.0.2.1:0" },
		"a database that is a folder":   func(dir string, cfg *config.Config) { cfg.DatabaseURL = config.Secret("sqlite:" + dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cfg := config.Defaults()
			cfg.Addr = "127.0.0.1:0"
			cfg.DatabaseURL = config.Secret("sqlite:" + filepath.Join(dir, "parley.db"))
			change(dir, &cfg)
			err := app.Run(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard)
			if !errors.As(err, new(*config.InvalidError)) {
				t.Errorf("%v, want an InvalidError", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "parley.db")); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

// TestBusyAddress: an address in use is no fault of the setting, so that a supervisor starts the
// server again (exit status 1).
func TestBusyAddress(t *testing.T) {
	t.Parallel()
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, change := range map[string]func(cfg *config.Config){
		"--addr":       func(cfg *config.Config) { cfg.Addr = busy.Addr().String() },
		"--admin-addr": func(cfg *config.Config) { cfg.AdminAddr = busy.Addr().String() },
	} {
		cfg := config.Defaults()
		cfg.Addr, cfg.DatabaseURL = "127.0.0.1:0", "sqlite::memory:"
		change(&cfg)
		err := app.Run(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard)
		if err == nil || errors.As(err, new(*config.InvalidError)) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that is not an InvalidError", name, err)
		}
	}
}
