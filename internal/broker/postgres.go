package broker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lib/pq"
)

const (
	// channel is what nodes listen to. It belongs to the database.
	channel = "parley_hints"
	// notifyLargest is the size of the largest message: a notification has fewer than 8,000 bytes
	// (https://www.postgresql.org/docs/current/sql-notify.html).
	notifyLargest = 7900
	// pingInterval is how often the connection that listens is asked whether it is there.
	pingInterval = 10 * time.Second
	// A connection that was lost is made again after so long at first, and at last.
	firstReconnect, lastReconnect = 200 * time.Millisecond, 10 * time.Second
)

// postgres carries messages as notifications of a database, on two connections of its own: one listens, one sends. A message
// is sent in a transaction by itself, behind the commit of what it tells of.
type postgres struct {
	db       *sql.DB
	listener *pq.Listener
	closed   chan struct{}
	running  sync.WaitGroup
}

// NewPostgres connects a node to the others by the notifications of the database that url names (postgres://…). A database
// that is away is waited for in the background. The caller closes the node.
func NewPostgres(ctx context.Context, url string, l Listener, log *slog.Logger) (*Node, error) {
	return begin(ctx, l, log, func(r receiver) (carrier, error) {
		connector, err := pq.NewConnector(url)
		if err != nil {
			return nil, errors.New("the database's URL is none for notifications") // which may hold a password
		}
		p := &postgres{db: sql.OpenDB(connector), closed: make(chan struct{})}
		p.db.SetMaxOpenConns(1)
		p.listener = pq.NewListener(url, firstReconnect, lastReconnect, func(event pq.ListenerEventType, err error) {
			if err != nil {
				log.Warn("the connection for notifications is lost", "error", err)
			} else if event == pq.ListenerEventReconnected {
				log.Info("the connection for notifications is back")
			}
		})
		p.running.Go(func() { // ends with close; it waits for the connection
			if err := p.listener.Listen(channel); err != nil && !errors.Is(err, pq.ErrChannelAlreadyOpen) {
				return // closed meanwhile
			}
			r.lookAgain() // what was said before
		})
		p.running.Go(func() { p.hear(r) }) // ends with close
		p.running.Go(p.ping)               // ends with close
		return p, nil
	})
}

// hear receives notifications until the listener is closed. A nil one says that the connection was lost and is back.
func (p *postgres) hear(r receiver) {
	for n := range p.listener.Notify {
		if n == nil {
			r.lookAgain()
			continue
		}
		r.receive([]byte(n.Extra))
	}
}

// ping asks the listening connection whether it is there: one that is not is made anew.
func (p *postgres) ping() {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = p.listener.Ping() // where it fails the listener reconnects, and says so
		case <-p.closed:
			return
		}
	}
}

func (p *postgres) send(ctx context.Context, message []byte) error {
	_, err := p.db.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, string(message))
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

func (p *postgres) largest() int { return notifyLargest }

func (p *postgres) close() error {
	close(p.closed)
	err := p.listener.Close()
	p.running.Wait()
	return errors.Join(err, p.db.Close())
}
