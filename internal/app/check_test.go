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
)

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
