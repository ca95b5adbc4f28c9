package app

import (
	"context"
	"log/slog"
	"time"

	"parley/internal/chat"
)

// longestPruneInterval is the most time between two looks for old events.
const longestPruneInterval = time.Hour

// prune forgets old events again and again, until ctx ends. Several nodes may do so at once.
func prune(ctx context.Context, c *chat.Chat, retention time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(min(retention/10+time.Millisecond, longestPruneInterval))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		pruned, err := c.Prune(ctx, time.Now().UTC().Add(-retention))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			logger.WarnContext(ctx, "old events cannot be pruned", "error", err)
		case pruned > 0:
			logger.InfoContext(ctx, "pruned the rooms' logs", "events", pruned)
		}
	}
}
