package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"parley/ent"
	"parley/internal/broker"
	"parley/internal/chat"
	"parley/internal/chat/profiles"
	"parley/internal/chat/prune"
	"parley/internal/config"
	"parley/internal/panics"
	"parley/internal/store"
)

const (
	// maxPruneInterval is the most time between two runs of the pruning.
	maxPruneInterval = time.Hour
	// busyPause is how long the prune command waits while another node prunes.
	busyPause = time.Second
)

// pruneBefore returns the times before which data has expired.
func pruneBefore(cfg config.Config, now time.Time) prune.Before {
	before := func(retention time.Duration) time.Time {
		if retention == 0 {
			return time.Time{}
		}
		return now.UTC().Add(-retention)
	}
	return prune.Before{
		Events:   before(cfg.LogRetention),
		Messages: before(cfg.MessageRetention),
		Rooms:    before(cfg.DeletedRoomRetention),
	}
}

// pruneInterval returns the time between two runs of the pruning; 0 if nothing expires.
func pruneInterval(cfg config.Config) time.Duration {
	var interval time.Duration
	for _, retention := range []time.Duration{
		cfg.LogRetention, cfg.MessageRetention, cfg.DeletedRoomRetention,
	} {
		if retention == 0 {
			continue
		}
		each := min(retention/10+time.Millisecond, maxPruneInterval)
		if interval == 0 || each < interval {
			interval = each
		}
	}
	return interval
}

// pruneRegularly prunes until ctx ends. Nodes begin at different times, and one that finds another
// at work leaves the rest to it.
func pruneRegularly(
	ctx context.Context, c *chat.Chat, cfg config.Config, interval time.Duration,
	logger *slog.Logger, guard *panics.Guard,
) {
	for {
		select {
		case <-time.After(interval/2 + rand.N(interval)): //nolint:gosec // spreads the nodes
		case <-ctx.Done():
			return
		}
		before := c.Stats().Pruned
		err := guard.Run(ctx, panics.Background, func() error {
			return c.Prune(ctx, pruneBefore(cfg, time.Now()))
		})
		if now := c.Stats().Pruned; now != before {
			logger.InfoContext(ctx, "pruned the database", "events", now.Events-before.Events,
				"messages", now.Messages-before.Messages, "rooms", now.Rooms-before.Rooms)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil, errors.Is(err, prune.ErrBusy), panics.Is(err): // a panic is logged
		default:
			logger.WarnContext(ctx, "cannot prune the database, retrying", "error", err)
		}
	}
}

// Prune deletes once what has expired, prints how much, and returns. Nodes may run on the database;
// Prune takes turns with them. It returns a [config.InvalidError] if the database cannot be used or
// nothing can expire.
func Prune(
	ctx context.Context, cfg config.Config, logger *slog.Logger, stdout io.Writer, opts Options,
) (err error) {
	if pruneInterval(cfg) == 0 {
		return &config.InvalidError{Err: errors.New("nothing expires: set --message-retention, " +
			"--log-retention or --deleted-room-retention")}
	}
	url := cmp.Or(string(cfg.DatabaseURL), store.DefaultURL)
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return &config.InvalidError{Err: fmt.Errorf("find the database to prune: %w", err)}
		}
	}
	guard := panics.NewGuard(logger)
	db, err := openDatabase(ctx, cfg, databaseOptions(cfg, logger, opts, guard))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	domain, err := chat.New(
		ent.NewClient(ent.Driver(db.Driver())),
		profiles.NewUsers(db.Dialect(), db.Generation),
		new(broker.Memory), // nodes poll
		chat.Options{Dialect: db.Dialect(), Searches: 1, Panics: guard, History: db},
	)
	if err != nil {
		return err
	}
	before := pruneBefore(cfg, time.Now())
	for err = prune.ErrBusy; errors.Is(err, prune.ErrBusy); {
		if err = domain.Prune(ctx, before); errors.Is(err, prune.ErrBusy) {
			select {
			case <-time.After(busyPause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	pruned := domain.Stats().Pruned
	_, printed := fmt.Fprintf(stdout, "Deleted %d messages, %d events of logs and %d rooms.\n",
		pruned.Messages, pruned.Events, pruned.Rooms)
	return errors.Join(err, printed)
}
