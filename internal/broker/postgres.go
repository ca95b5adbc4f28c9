package broker

import (
	"context"
	"log/slog"

	"parley/internal/panics"
)

const (
	// channel is what nodes listen to. Channels belong to a database.
	channel = "parley_publications"
	// notifyMaxBytes is the size of the largest message: a notification has fewer than 8,000 bytes
	// (https://www.postgresql.org/docs/current/sql-notify.html).
	notifyMaxBytes = 7900
)

// Notifications are those of a PostgreSQL database.
type Notifications interface {
	// Listen calls receive with what is sent on a channel, and missed whenever notifications may
	// have been missed.
	Listen(channel string, receive func(payload string), missed func())
	// Notify sends a notification on a channel.
	Notify(ctx context.Context, channel, payload string) error
	// Close ends them; nothing is received afterwards.
	Close() error
}

// postgres sends messages as notifications. It sends each in a transaction of its own, after the
// commits that the message is about.
type postgres struct{ notifications Notifications }

// NewPostgres connects a node to the others over the notifications of the database that all of them
// share. The caller closes the node, which closes the notifications.
func NewPostgres(
	ctx context.Context, by Notifications, l Listener, log *slog.Logger, guard *panics.Guard,
) (*Node, error) {
	return start(ctx, l, log, guard, func(r handler) (transport, error) {
		by.Listen(channel, func(payload string) { r.receive([]byte(payload)) }, r.missedMessages)
		return &postgres{by}, nil
	})
}

func (p *postgres) send(ctx context.Context, message []byte) error {
	return p.notifications.Notify(ctx, channel, string(message))
}

func (p *postgres) maxBytes() int { return notifyMaxBytes }

func (p *postgres) close() error { return p.notifications.Close() }
