package broker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"parley/internal/panics"
)

const (
	// subject is what nodes subscribe to.
	subject = "parley.publications"
	// natsMaxBytes is the size of the largest message; a server takes up to 1 MiB by default.
	natsMaxBytes = 64 << 10
)

// natsTransport sends messages over NATS. It drops messages while the connection is lost, which the
// other nodes detect.
type natsTransport struct{ conn *nats.Conn }

// NewNATS connects a node to the others over the NATS servers that url names (nats://host:4222,
// several separated by commas). It connects to unreachable servers in the background. The caller
// closes the node.
func NewNATS(
	ctx context.Context, url string, l Listener, log *slog.Logger, guard *panics.Guard,
) (*Node, error) {
	return start(ctx, l, log, guard, func(r handler) (transport, error) {
		conn, err := nats.Connect(
			url,
			nats.Name("parley"),
			nats.RetryOnFailedConnect(true),
			nats.MaxReconnects(-1),
			nats.ReconnectWait(500*time.Millisecond),
			nats.ReconnectBufSize(-1),
			nats.PingInterval(2*heartbeat),
			nats.MaxPingsOutstanding(2),
			nats.ConnectHandler(func(*nats.Conn) { r.missedMessages() }),
			nats.ReconnectHandler(func(*nats.Conn) {
				log.Info("NATS connection restored")
				r.missedMessages()
			}),
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
				if err != nil {
					log.Warn("NATS connection lost, reconnecting", "error", err)
				}
			}),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				log.Warn("NATS reported an error, publications may be lost", "error", err)
				r.missedMessages()
			}),
		)
		if err != nil {
			return nil, fmt.Errorf("connect to NATS: %w", err)
		}
		if _, err := conn.Subscribe(subject, func(m *nats.Msg) { r.receive(m.Data) }); err != nil {
			conn.Close()
			return nil, fmt.Errorf("listen to NATS: %w", err)
		}
		if !conn.IsConnected() {
			log.Warn(
				"NATS unreachable, polling for changes of other nodes",
			)
		}
		return &natsTransport{conn}, nil
	})
}

func (t *natsTransport) send(_ context.Context, message []byte) error {
	if err := t.conn.Publish(subject, message); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

func (t *natsTransport) maxBytes() int { return natsMaxBytes }

func (t *natsTransport) close() error {
	t.conn.Close()
	return nil
}
