package broker

import (
	"context"
	"log/slog"

	"parley/internal/panics"
)

const (
	// channel is what nodes listen to. It belongs to the database.
	channel = "parley_hints"
	// notifyLargest is the size of the largest message: a notification has fewer than 8,000 bytes
	// (https://www.postgresql.org/docs/current/sql-notify.html).
	notifyLargest = 7900
)

// Notifications are those of a PostgreSQL database.
type Notifications interface {
	// Listen has hear called with what is sent on a channel, and missed whenever something may have
	// been sent that is not heard.
	Listen(channel string, hear func(payload string), missed func())
	// Notify sends something on a channel.
	Notify(ctx context.Context, channel, payload string) error
	// Close ends them; afterwards nothing is heard any more.
	Close() error
}

// postgres carries messages as notifications. A message is sent in a transaction by itself, behind
// the commit of what it tells of.
type postgres struct{ notifications Notifications }

// NewPostgres connects a node to the others by the notifications of the database that all of them
// share. The caller closes the node, which closes the notifications.
func NewPostgres(
	ctx context.Context, by Notifications, l Listener, log *slog.Logger, guard *panics.Guard,
) (*Node, error) {
	return begin(ctx, l, log, guard, func(r receiver) (carrier, error) {
		by.Listen(channel, func(payload string) { r.receive([]byte(payload)) }, r.lookAgain)
		return &postgres{by}, nil
	})
}

func (p *postgres) send(ctx context.Context, message []byte) error {
	return p.notifications.Notify(ctx, channel, string(message))
}

func (p *postgres) largest() int { return notifyLargest }

func (p *postgres) close() error { return p.notifications.Close() }
