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
	// subject is what nodes listen to.
	subject = "parley.hints"
	// natsLargest is the size of the largest message; a server takes up to 1 MiB by default.
	natsLargest = 64 << 10
)

// natsCarrier carries messages by NATS. What is said while the connection is lost is not kept: the
// others look then.
type natsCarrier struct{ conn *nats.Conn }

// NewNATS connects a node to the others by the NATS servers that url names (nats://host:4222,
// several separated by commas). Servers that are away are waited for in the background. The caller
// closes the node.
func NewNATS(
	ctx context.Context, url string, l Listener, log *slog.Logger, guard *panics.Guard,
) (*Node, error) {
	return begin(ctx, l, log, guard, func(r receiver) (carrier, error) {
		conn, err := nats.Connect(
			url,
			nats.Name("parley"),
			nats.RetryOnFailedConnect(
				true,
			),
			nats.MaxReconnects(-1),
			nats.ReconnectWait(500*time.Millisecond),
			nats.ReconnectBufSize(-1),
			nats.PingInterval(2*heartbeat),
			nats.MaxPingsOutstanding(2),
			nats.ConnectHandler(func(*nats.Conn) { r.lookAgain() }),
			nats.ReconnectHandler(func(*nats.Conn) {
				log.Info("the connection to NATS is back")
				r.lookAgain()
			}),
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
				if err != nil {
					log.Warn("the connection to NATS is lost", "error", err)
				}
			}),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				log.Warn("NATS cannot keep up, or refuses something", "error", err)
				r.lookAgain()
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
			log.Warn("NATS does not answer: hints are found by sweeps until it does")
		}
		return &natsCarrier{conn}, nil
	})
}

func (c *natsCarrier) send(_ context.Context, message []byte) error {
	if err := c.conn.Publish(subject, message); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

func (c *natsCarrier) largest() int { return natsLargest }

func (c *natsCarrier) close() error {
	c.conn.Close()
	return nil
}
