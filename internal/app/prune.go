package app

import (
	"context"
	"log/slog"
	"time"

	"parley/internal/chat"
	"parley/internal/panics"
)

// longestPruneInterval is the most time between two looks for old events.
const longestPruneInterval = time.Hour

// prune forgets old events again and again, until ctx ends. Several nodes may do so at once.
func prune(
	ctx context.Context, c *chat.Chat, retention time.Duration, logger *slog.Logger,
	guard *panics.Guard,
) {
	tick := time.NewTicker(min(retention/10+time.Millisecond, longestPruneInterval))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		pruned := 0
		err := guard.Run(ctx, panics.Background, func() (err error) {
			pruned, err = c.Prune(ctx, time.Now().UTC().Add(-retention))
			return err
		})
		switch {
		case ctx.Err() != nil:
			return
		case panics.Is(err): // it is logged
		case err != nil:
			logger.WarnContext(ctx, "old events cannot be pruned", "error", err)
		case pruned > 0:
			logger.InfoContext(ctx, "pruned the rooms' logs", "events", pruned)
		}
	}
}
