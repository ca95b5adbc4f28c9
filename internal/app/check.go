package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"parley/internal/auth"
	"parley/internal/config"
	"parley/internal/conns"
	"parley/internal/panics"
	"parley/internal/store"
)

// ErrFailed is the error of a command that has printed what is wrong.
var ErrFailed = errors.New("the check has failed")

const (
	// checkTimeout bounds each part of a check.
	checkTimeout = 15 * time.Second
	// maxSkew is how far apart the clocks of the database and of this machine may be.
	maxSkew = 2 * time.Second
)

// Check prints a line for each thing that a server needs, and what to do if it lacks one. It changes
// nothing. It returns [ErrFailed] if something is wrong. [config.Parse] has checked the settings.
func Check(
	ctx context.Context, cfg config.Config, logger *slog.Logger, stdout io.Writer, opts Options,
) error {
	r := report{out: stdout}
	r.add("settings", modeOf(cfg)+" mode", nil)
	if cfg.TrustedDocuments != "" {
		documents, err := trustedDocuments(cfg.TrustedDocuments)
		size := 0
		if err == nil {
			size = documents.Size()
		}
		r.add("documents", fmt.Sprintf("%d valid", size), err)
	}
	r.checkDatabase(ctx, cfg, databaseOptions(cfg, logger, opts, panics.NewGuard(logger)))
	if cfg.JWKSURL != "" {
		fetch, cancel := context.WithTimeout(ctx, checkTimeout)
		keys, err := auth.CheckKeySet(fetch, cfg.JWKSURL)
		cancel()
		r.add("key set", fmt.Sprintf("%d keys", keys), err)
	}
	if descriptors, limited := conns.Descriptors(); limited {
		r.checkDescriptors(cfg, descriptors)
	}
	if r.failed {
		return errors.Join(ErrFailed, r.err)
	}
	return r.err
}

// report prints the lines of a check.
type report struct {
	out    io.Writer
	failed bool
	err    error // of printing
}

// add prints a line: that a thing is right, or what is wrong with it.
func (r *report) add(thing, right string, wrong error) {
	mark := "ok  "
	if wrong != nil {
		mark, right, r.failed = "FAIL", strings.ReplaceAll(wrong.Error(), "\n", "; "), true
	}
	_, err := fmt.Fprintf(r.out, "%s  %s: %s\n", mark, thing, right)
	r.err = errors.Join(r.err, err)
}

func (r *report) checkDatabase(ctx context.Context, cfg config.Config, options store.Options) {
	inspect, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, err := store.Inspect(inspect, string(cfg.DatabaseURL), options)
	r.add("database", "reachable", err)
	if err != nil {
		return
	}
	if found.Missing > 0 {
		err = fmt.Errorf("%d are missing: the next start of a server applies them", found.Missing)
	}
	r.add("migrations", "complete", err)
	if !cfg.Postgres() {
		return
	}
	err = nil
	if found.Skew.Abs() > maxSkew+found.Precision {
		err = fmt.Errorf("the database's is %v from this machine's: synchronize both with NTP",
			found.Skew.Round(time.Millisecond))
	}
	r.add("clocks", "equal", err)
}

func (r *report) checkDescriptors(cfg config.Config, descriptors int) {
	err := error(nil)
	sockets, _ := socketsFor(cfg, descriptors)
	if sockets < cfg.MaxSockets && !cfg.Development() {
		err = fmt.Errorf("%d allow %d of %d sockets: raise LimitNOFILE or ulimit -n, "+
			"or lower PARLEY_MAX_SOCKETS", descriptors, sockets, cfg.MaxSockets)
	}
	r.add("file descriptors", strconv.Itoa(descriptors), err)
}

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
	_, err = fmt.Fprintf(
		stdout,
		"%s: all %d documents are valid.\n",
		cfg.Documents,
		manifest.Size(),
	)
	return err
}
