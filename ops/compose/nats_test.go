package compose_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// startNATS starts NATS with the file and the environment of its container. It returns its URL
// without a user name. t.Setenv keeps the test from being parallel.
func startNATS(t *testing.T) string {
	t.Helper()
	for name, value := range readCompose(t).Services["nats"].Environment {
		t.Setenv(name, *value)
	}
	options, err := server.ProcessConfigFile("nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	options.Host, options.Port, options.NoSigs, options.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return "nats://" + s.Addr().String()
}

// TestNATSRequiresPassword checks that NATS requires the password, also if it looks like a number.
func TestNATSRequiresPassword(t *testing.T) {
	url := startNATS(t)
	for _, wrong := range []nats.Option{nats.UserInfo("", ""), nats.UserInfo("parley", ""), nats.UserInfo("parley", "120000")} {
		if conn, err := nats.Connect(url, wrong); err == nil {
			conn.Close()
			t.Error("NATS accepts a client without the password")
		}
	}
	conn, err := nats.Connect(url, nats.UserInfo("parley", secrets["NATS_PASSWORD"]))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
