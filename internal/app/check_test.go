package app_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

// checked returns the lines that the command check prints, by what they are about.
func checked(t *testing.T, cfg config.Config) (lines map[string]string, err error) {
	t.Helper()
	var out strings.Builder
	err = app.Check(t.Context(), cfg, slog.New(slog.DiscardHandler), &out, app.Options{})
	lines = map[string]string{}
	for line := range strings.Lines(out.String()) {
		mark, rest, _ := strings.Cut(line, "  ")
		thing, text, _ := strings.Cut(strings.TrimSpace(rest), ": ")
		lines[thing] = strings.TrimSpace(mark) + " " + strings.TrimSpace(text)
	}
	return lines, err
}

// TestCheck: the command finds out what is wrong before a server starts, and changes nothing.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := config.Defaults()
	good.DatabaseURL = config.Secret("sqlite:" + filepath.Join(dir, "parley.db"))
	good.MaxSockets = 1
	lines, err := checked(t, good)
	if !errors.Is(err, app.ErrFailed) || !strings.Contains(lines["database"], "does not exist") {
		t.Errorf("before the first start: %v %v", lines, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("files %v %v", files, err)
	}
	t.Run("start", func(t *testing.T) { testkit.StartOn(t, string(good.DatabaseURL)) })
	postgres := good
	postgres.DatabaseURL = config.Secret(testkit.MigratedPostgresURL(t))
	empty := good
	empty.DatabaseURL = config.Secret(storetest.PostgresURL(t))
	for name, test := range map[string]struct {
		base   config.Config
		change func(cfg *config.Config)
		failed map[string]string // what is wrong, and a part of its line
	}{
		"a file":     {good, func(*config.Config) {}, nil},
		"PostgreSQL": {postgres, func(*config.Config) {}, nil},
		"empty":      {empty, func(*config.Config) {}, map[string]string{"migrations": "missing"}},
		"no key set": {good, func(cfg *config.Config) {
			cfg.JWKSURL, cfg.JWTIssuer, cfg.JWTAudience = "http://127.0.0.1:1/keys", "i", "a"
		}, map[string]string{"key set": "refused"}},
		"too few descriptors": {good, func(cfg *config.Config) {
			cfg.JWTSecret, cfg.MaxSockets = "only for tests, 32 bytes or more", 1<<40
		}, map[string]string{"file descriptors": "ulimit -n"}},
		"no database": {good, func(cfg *config.Config) {
			cfg.DatabaseURL = "postgres://parley:hunter2@127.0.0.1:1/parley?sslmode=disable"
		}, map[string]string{"database": "refused"}},
		"no manifest": {good, func(cfg *config.Config) {
			cfg.TrustedDocuments = filepath.Join(dir, "missing.json")
		}, map[string]string{"documents": "missing.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := test.base
			test.change(&cfg)
			lines, err := checked(t, cfg)
			if (err == nil) != (test.failed == nil) ||
				err != nil && !errors.Is(err, app.ErrFailed) {
				t.Errorf("%v", err)
			}
			if lines["settings"] == "" || lines["database"] == "" {
				t.Errorf("lines are missing: %v", lines)
			}
			for thing, line := range lines {
				want, wrong := test.failed[thing]
				if strings.HasPrefix(line, "FAIL") != wrong || !strings.Contains(line, want) ||
					strings.Contains(line, "hunter2") {
					t.Errorf("%s: %s", thing, line)
				}
			}
			for thing := range test.failed {
				if lines[thing] == "" {
					t.Errorf("no line about the %s: %v", thing, lines)
				}
			}
		})
	}
}

// TestCheckDocuments: the command names the invalid documents of a manifest.
func TestCheckDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		manifest string
		valid    bool
		want     []string
	}{
		"valid":   {`{"a": "{ me { id } }", "b": "query B { myRoomIds }"}`, true, []string{"all 2 documents are valid"}},
		"invalid": {`{"good": "{ me { id } }", "bad": "{ me { ids } }"}`, false, []string{"bad", "ids"}},
		"no JSON": {`{`, false, []string{"JSON"}},
	} {
		path := filepath.Join(t.TempDir(), "manifest.json")
		if err := os.WriteFile(path, []byte(test.manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Parse([]string{"check-documents", path}, nil, "", io.Discard, io.Discard)
		if err != nil || cfg.Command != config.CheckDocuments {
			t.Fatal(cfg.Command, err)
		}
		var out strings.Builder
		err = app.CheckDocuments(
			t.Context(), cfg, slog.New(slog.DiscardHandler), &out, app.Options{},
		)
		if test.valid != (err == nil) || err != nil && !errors.Is(err, app.ErrFailed) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range append(test.want, path) {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q lacks %q", name, out.String(), want)
			}
		}
	}
}
