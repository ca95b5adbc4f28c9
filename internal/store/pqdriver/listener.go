package pqdriver

import (
	"context"
	"errors"
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
	// pingInterval is how often a listener pings the server. If nothing arrives for keepaliveTime,
	// it reconnects.
	pingInterval  = 5 * time.Second
	keepaliveTime = pingInterval + 3*time.Second
	// The pause between attempts to reconnect doubles from the first to the second.
	minReconnectPause, maxReconnectPause = 200 * time.Millisecond, 2 * time.Second
)

// Listener receives the notifications of a database on its own connection. It connects in the background,
// and reconnects when the connection is lost.
type Listener struct {
	ctx     context.Context //nolint:containedctx // its end closes the connection
	pq      *pq.Listener
	running sync.WaitGroup
	logger  *slog.Logger
	panics  *panics.Guard
}

// NewListener returns a listener for the database that url names. Its connection is closed when ctx
// ends, and the caller then calls Close. Errors do not contain the URL.
func NewListener(
	ctx context.Context, url string, logger *slog.Logger, guard *panics.Guard,
) (*Listener, error) {
	complete, err := listenerURL(url)
	if err != nil {
		return nil, err
	}
	l := &Listener{ctx: ctx, logger: logger, panics: guard}
	backoff := reconnectBackoff{ctx: ctx, pause: minReconnectPause}
	l.pq = pq.NewDialListener(keepaliveDialer(ctx), complete, 0, 0,
		func(event pq.ListenerEventType, err error) {
			l.contain(func() { l.report(event, err) })
			backoff.wait(event)
		})
	return l, nil
}

// report logs changes of the connection.
func (l *Listener) report(event pq.ListenerEventType, err error) {
	switch {
	case l.ctx.Err() != nil: // it is being closed
	case err != nil:
		l.logger.Warn("notification connection lost, reconnecting", "error", err)
	case event == pq.ListenerEventReconnected:
		l.logger.Info("notification connection restored")
	}
}

// contain calls the handler of a notification. If the handler panics, the notification is dropped.
func (l *Listener) contain(handler func()) {
	l.panics.Wrap(l.ctx, panics.Publication, handler, nil)()
}

// reconnectBackoff makes lib/pq's goroutine wait between attempts to connect. lib/pq's own wait
// would not end while the listener is being closed.
type reconnectBackoff struct {
	ctx       context.Context //nolint:containedctx // its end ends all waits
	pause     time.Duration   // before the next attempt, if this one fails
	connected time.Time
}

// wait waits as long as the event requires, or until ctx ends.
func (b *reconnectBackoff) wait(event pq.ListenerEventType) {
	switch event {
	case pq.ListenerEventConnected, pq.ListenerEventReconnected:
		b.pause, b.connected = minReconnectPause, time.Now()
	case pq.ListenerEventDisconnected: // no wait, unless it was just connected
		b.sleep(time.Until(b.connected.Add(minReconnectPause)))
	case pq.ListenerEventConnectionAttemptFailed:
		b.sleep(b.pause)
		b.pause = min(2*b.pause, maxReconnectPause)
	}
}

func (b *reconnectBackoff) sleep(d time.Duration) {
	ctx, cancel := context.WithTimeout(b.ctx, d)
	defer cancel()
	<-ctx.Done()
}

// Listen calls receive with the payload of each later notification of a channel, one at a time. It calls
// missed when notifications may have been missed, also when it has begun to listen. The caller must call
// it once only.
func (l *Listener) Listen(channel string, receive func(payload string), missed func()) {
	// It waits for the connection, and ends with Close.
	l.running.Go(l.panics.Wrap(l.ctx, panics.Publication, func() {
		err := l.pq.Listen(channel)
		if err != nil && !errors.Is(err, pq.ErrChannelAlreadyOpen) {
			return // closed meanwhile
		}
		missed() // earlier notifications
	}, nil))
	// It ends with Close, which closes the channel.
	l.running.Go(l.panics.Wrap(l.ctx, panics.Publication, func() {
		for notification := range l.pq.Notify {
			if notification == nil { // the connection was lost and is restored
				l.contain(missed)
				continue
			}
			l.contain(func() { receive(notification.Extra) })
		}
	}, nil))
	l.running.Go(l.panics.Wrap(l.ctx, panics.Publication, l.keepAlive, nil)) // ends with ctx
}

// keepAlive pings the server until ctx ends.
func (l *Listener) keepAlive() {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.ping()
		case <-l.ctx.Done():
			return
		}
	}
}

// ping pings the server once. If that fails, the listener reconnects and reports it; but lib/pq panics if
// the response is an error.
func (l *Listener) ping() {
	defer func() {
		if value := recover(); value != nil {
			l.logger.Warn("notification connection health check returned an error", "error", value)
		}
	}()
	_ = l.pq.Ping()
}

// Close closes the listener and waits for its calls to end. End its ctx first: lib/pq does not close
// a listener that waits for a response.
func (l *Listener) Close() error {
	err := l.pq.Close()
	l.running.Wait()
	return err
}

// listenerURL returns a URL with the settings of config: lib/pq's listener only accepts a URL.
func listenerURL(rawURL string) (string, error) {
	rawURL = withHosts(rawURL)
	cfg, err := config(rawURL)
	if err != nil {
		return "", err
	}
	given, err := pq.NewConfig(rawURL)
	if err != nil {
		return "", err
	}
	add := func(parameter, value string) {
		separator := "?"
		if strings.Contains(rawURL, "?") {
			separator = "&"
		}
		rawURL += separator + parameter + "=" + value
	}
	if given.ApplicationName == "" {
		add("application_name", cfg.ApplicationName)
	}
	if len(given.Multi) > 0 && given.TargetSessionAttrs == "" {
		add("target_session_attrs", string(pq.TargetSessionAttrsReadWrite))
	}
	if given.ConnectTimeout == 0 {
		add("connect_timeout", strconv.Itoa(int(cfg.ConnectTimeout/time.Second)))
	}
	return rawURL, nil
}

// keepaliveDialer returns the dialer of a listener.
func keepaliveDialer(lifetime context.Context) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := dialUntil(ctx, lifetime, network, address)
		if err != nil {
			return nil, err
		}
		return &keepaliveConn{Conn: opened}, nil
	}
}

// keepaliveConn is the network connection of a listener. A read fails if no data arrives for longer
// than the interval between pings.
type keepaliveConn struct {
	net.Conn
	// connectBy is the deadline of connecting. Zero is no deadline.
	connectBy time.Time
}

// SetDeadline is called by lib/pq while it connects.
func (c *keepaliveConn) SetDeadline(t time.Time) error {
	c.connectBy = t
	return c.Conn.SetDeadline(t)
}

// Read waits for data, at most for keepaliveTime when it is connected.
func (c *keepaliveConn) Read(p []byte) (int, error) {
	if c.connectBy.IsZero() {
		if err := c.SetReadDeadline(time.Now().Add(keepaliveTime)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}
