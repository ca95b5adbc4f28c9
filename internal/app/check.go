package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"parley/internal/config"
)

// ErrFailed is the error of a command that has printed what is wrong.
var ErrFailed = errors.New("the check has failed")

// CheckDocuments prints whether the documents of a manifest are valid, and what is wrong with those
// that are not. It returns [ErrFailed] if one is invalid.
func CheckDocuments(
	_ context.Context, cfg config.Config, _ *slog.Logger, stdout io.Writer, _ Options,
) error {
	manifest, err := readManifest(cfg.Documents)
	if err != nil {
		_, printed := fmt.Fprintf(stdout, "%s: %v\n", cfg.Documents, err)
		return errors.Join(ErrFailed, printed)
	}
	_, err = fmt.Fprintf(stdout, "%s: all %d documents are valid.\n", cfg.Documents, manifest.Size())
	return err
}
