package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"parley/internal/store/pqdriver"
)

// Notifications sends and receives the notifications of a PostgreSQL database, each on its own
// connection. Both have deadlines, so that a network that drops packets cannot block them.
type Notifications struct {
	*pqdriver.Listener
	sends *sql.DB
	stop  context.CancelFunc // closes the connections
}

// OpenNotifications returns the notifications of the database that url names, as in [Open]. It
// connects in the background. The caller closes them.
func OpenNotifications(ctx context.Context, url string, opts Options) (*Notifications, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	options := driverOptions(opts)
	options.Cluster = &pqdriver.Cluster{} // finds the primary
	connector, err := pqdriver.New(ctx, url, options)
	if err != nil {
		stop()
		return nil, fmt.Errorf("open notifications: %w", err)
	}
	listener, err := pqdriver.NewListener(ctx, url, opts.Logger, opts.Panics)
	if err != nil {
		stop()
		return nil, fmt.Errorf("open notifications: %w", err)
	}
	n := &Notifications{Listener: listener, sends: sql.OpenDB(connector), stop: stop}
	n.sends.SetMaxOpenConns(1)
	n.sends.SetConnMaxLifetime(postgresConnLifetime)
	return n, nil
}

// Notify sends a notification on a channel, in a transaction by itself.
func (n *Notifications) Notify(ctx context.Context, channel, payload string) error {
	if _, err := n.sends.ExecContext(
		ctx, "SELECT pg_notify($1, $2)", channel, payload,
	); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Close closes the connections immediately. Pending calls fail, and no notification is received
// afterwards.
func (n *Notifications) Close() error {
	err := n.sends.Close() // ends the session, unless it is in use
	n.stop()
	return errors.Join(err, n.Listener.Close())
}
