package app_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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
