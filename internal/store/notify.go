package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"

	"parley/internal/panics"
)

const (
	// askInterval is how often the connection that listens is asked whether it is there, and
	// quietTime for how long nothing may come on it: then it is given up, and made anew.
	askInterval = 5 * time.Second
	quietTime   = askInterval + 3*time.Second
	// A connection that was lost is made again after so long at first, and at last.
	firstReconnect, lastReconnect = 200 * time.Millisecond, 2 * time.Second
)

// Notifications are those of a PostgreSQL database, on two connections of their own: one listens,
// one sends. Both are made as those of a [DB] are, and neither waits for ever for a network that
// has gone silent.
type Notifications struct {
	sends    *sql.DB
	listener *pq.Listener
	ctx      context.Context //nolint:containedctx // that of the connection that listens, which lib/pq makes without one
	end      context.CancelFunc
	running  sync.WaitGroup
	logger   *slog.Logger
	panics   *panics.Guard
}

// OpenNotifications returns the notifications of the database that url names, as in [Open]. One
// that is away is waited for in the background. The caller closes them.
func OpenNotifications(ctx context.Context, url string, opts Options) (*Notifications, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	connector, err := newPQConnector(url, cacheSize(opts), opts.Panics)
	if err != nil {
		return nil, fmt.Errorf("open notifications: %w", err)
	}
	connector.silence = silenceTime
	listenURL, err := listenerURL(url)
	if err != nil {
		return nil, fmt.Errorf("open notifications: %w", err)
	}
	n := &Notifications{logger: opts.Logger, panics: opts.Panics}
	n.ctx, n.end = context.WithCancel(context.WithoutCancel(ctx))
	connector.Dialer(&dialer{life: n.ctx})
	n.sends = sql.OpenDB(connector)
	n.sends.SetMaxOpenConns(1)
	n.sends.SetConnMaxLifetime(postgresConnLifetime)
	// It waits between its attempts here, and not in lib/pq, which would wait on while it is being
	// closed.
	again := reconnecting{ctx: n.ctx, pause: firstReconnect}
	n.listener = pq.NewDialListener(&listenDialer{life: n.ctx}, listenURL, 0, 0,
		func(event pq.ListenerEventType, err error) {
			n.contain(func() { n.report(event, err) })
			again.wait(event)
		})
	return n, nil
}

// report logs what has become of the connection that listens.
func (n *Notifications) report(event pq.ListenerEventType, err error) {
	switch {
	case n.ctx.Err() != nil: // it is being closed
	case err != nil:
		n.logger.Warn("the connection for notifications is lost", "error", err)
	case event == pq.ListenerEventReconnected:
		n.logger.Info("the connection for notifications is back")
	}
}

// contain calls a handler of one notification. One that panics drops that notification.
func (n *Notifications) contain(handler func()) {
	n.panics.Wrap(n.ctx, panics.Publication, handler, nil)()
}

// reconnecting is the patience of one goroutine that makes a connection again and again.
type reconnecting struct {
	ctx   context.Context //nolint:containedctx // ends all waiting
	pause time.Duration   // before the next attempt, if this one fails
	since time.Time       // when the connection was made
}

// wait waits for as long as it is to be waited after an event, or until ctx ends.
func (r *reconnecting) wait(event pq.ListenerEventType) {
	switch event {
	case pq.ListenerEventConnected, pq.ListenerEventReconnected:
		r.pause, r.since = firstReconnect, time.Now()
	case pq.ListenerEventDisconnected: // at once, unless it was just made
		r.sleep(time.Until(r.since.Add(firstReconnect)))
	case pq.ListenerEventConnectionAttemptFailed:
		r.sleep(r.pause)
		r.pause = min(2*r.pause, lastReconnect)
	}
}

func (r *reconnecting) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// Listen has hear called with what is sent on a channel of the database from now on, one after the
// other, and missed whenever something may have been sent that is not heard: also when it has begun
// to listen. It is called once.
func (n *Notifications) Listen(channel string, hear func(payload string), missed func()) {
	// It waits for the connection, and ends with Close.
	n.running.Go(n.panics.Wrap(n.ctx, panics.Publication, func() {
		if err := n.listener.Listen(
			channel,
		); err != nil &&
			!errors.Is(err, pq.ErrChannelAlreadyOpen) {
			return // closed meanwhile
		}
		missed() // what was said before
	}, nil))
	// It ends with Close, which closes what it reads from.
	n.running.Go(n.panics.Wrap(n.ctx, panics.Publication, func() {
		for notification := range n.listener.Notify {
			if notification == nil { // the connection was lost and is back
				n.contain(missed)
				continue
			}
			n.contain(func() { hear(notification.Extra) })
		}
	}, nil))
	n.running.Go(n.panics.Wrap(n.ctx, panics.Publication, n.ask, nil)) // ends with Close
}

// ask asks the connection that listens whether it is there.
func (n *Notifications) ask() {
	tick := time.NewTicker(askInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.ping()
		case <-n.ctx.Done():
			return
		}
	}
}

// ping asks once. Where it fails the listener reconnects, and says so; but lib/pq panics where the
// answer is an error.
func (n *Notifications) ping() {
	defer func() {
		if what := recover(); what != nil {
			n.logger.Warn("the connection for notifications is there, and complains", "error", what)
		}
	}()
	_ = n.listener.Ping()
}

// Notify sends something on a channel, in a transaction by itself.
func (n *Notifications) Notify(ctx context.Context, channel, payload string) error {
	if _, err := n.sends.ExecContext(
		ctx,
		"SELECT pg_notify($1, $2)",
		channel,
		payload,
	); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Close ends the connections, at once, and what waits for them. Afterwards nothing is heard any
// more.
func (n *Notifications) Close() error {
	err := n.sends.Close() // says goodbye, unless it is in use
	n.end()                // breaks what is left: lib/pq's listener does not close while it waits for an answer
	err = errors.Join(err, n.listener.Close())
	n.running.Wait()
	return err
}

// listenerURL is a database's URL with what postgresConfig fills in: lib/pq's listener takes
// nothing but a URL.
func listenerURL(rawURL string) (string, error) {
	cfg, err := postgresConfig(rawURL)
	if err != nil {
		return "", err
	}
	given, err := pq.NewConfig(rawURL)
	if err != nil {
		return "", err
	}
	add := func(parameter, value string) {
		mark := "?"
		if strings.Contains(rawURL, "?") {
			mark = "&"
		}
		rawURL += mark + parameter + "=" + value
	}
	if given.ApplicationName == "" {
		add("application_name", cfg.ApplicationName)
	}
	if given.ConnectTimeout == 0 {
		add("connect_timeout", strconv.Itoa(int(cfg.ConnectTimeout/time.Second)))
	}
	return rawURL, nil
}

// listenDialer opens network connections for lib/pq's listener, which last as long as life.
type listenDialer struct {
	net.Dialer
	life context.Context //nolint:containedctx // lib/pq has none of its own
}

// DialContext opens a connection.
func (d *listenDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := dialFor(ctx, d.life, &d.Dialer, network, address)
	if err != nil {
		return nil, err
	}
	return &askedLine{Conn: conn}, nil
}

// DialTimeout is DialContext as lib/pq's interface of old has it.
func (d *listenDialer) DialTimeout(
	network, address string,
	timeout time.Duration,
) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.life, timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// askedLine is the network connection of a listener, which is asked now and then whether it is
// there: one on which nothing comes for longer than that is not. A network that has gone silent
// tells nobody.
type askedLine struct {
	net.Conn
	// until is when connecting must have ended, zero for no limit.
	until time.Time
}

// SetDeadline is what lib/pq calls while it connects.
func (l *askedLine) SetDeadline(t time.Time) error {
	l.until = t
	return l.Conn.SetDeadline(t)
}

// Read waits for what comes, for a while.
func (l *askedLine) Read(p []byte) (int, error) {
	if l.until.IsZero() {
		if err := l.SetReadDeadline(time.Now().Add(quietTime)); err != nil {
			return 0, err
		}
	}
	return l.Conn.Read(p)
}
