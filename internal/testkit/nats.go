package testkit

import (
	"fmt"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
)

// NATS is a NATS server, which a test can stop and start again.
type NATS struct {
	// URL is where it is, also while it is stopped.
	URL string

	t       testing.TB
	options *natsserver.Options
	server  *natsserver.Server
}

// StartNATS returns a server that runs. It ends with the test.
func StartNATS(t testing.TB) *NATS {
	t.Helper()
	address := FreeAddress(t)
	s := &NATS{
		t:       t,
		URL:     "nats://" + address,
		options: &natsserver.Options{Host: "127.0.0.1", NoSigs: true, NoLog: true},
	}
	if _, err := fmt.Sscanf(address, "127.0.0.1:%d", &s.options.Port); err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server again.
func (s *NATS) Start() {
	s.t.Helper()
	var err error
	if s.server, err = natsserver.NewServer(s.options); err != nil {
		s.t.Fatal(err)
	}
	s.server.Start()
	if !s.server.ReadyForConnections(20 * time.Second) {
		s.t.Fatal("the NATS server does not start")
	}
}

// Stop stops the server, which closes all connections.
func (s *NATS) Stop() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}
