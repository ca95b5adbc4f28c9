package torture_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/write"
	"parley/internal/config"
	"parley/internal/testkit"
)

// serverVariable makes this test binary run a server. Its value is the settings as JSON.
const serverVariable = "PARLEY_TORTURE_SERVER"

// secret signs all tokens.
const secret = "a secret that only this test knows, 32+ bytes"

// endTime is how long a server may take to drain.
const endTime = 30 * time.Second

// lossyPollInterval is the time between two polls of a server with a lossy broker. The broker does not
// report lost publications, so the server reads lists of rooms again every ten polls.
const lossyPollInterval = 500 * time.Millisecond

// dropPublications is the command on standard input that makes the broker lose every publication.
const dropPublications = "drop publications"

type settings struct {
	Addr        string
	DatabaseURL string
	// Nodes selects a working broker, for several nodes. Without it the server has a lossy broker,
	// seeded with Seed.
	Nodes   bool
	NATSURL string
	// Synchronous is PARLEY_SQLITE_SYNCHRONOUS. Empty means the default.
	Synchronous string
	Seed        uint64
}

// serve runs a server until commands ends, at the latest when the test ends. It returns the
// exit code.
func serve(encoded string, commands io.Reader, output io.Writer) int {
	logger := slog.New(slog.NewTextHandler(output, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var s settings
	if err := json.Unmarshal([]byte(encoded), &s); err != nil {
		logger.Error("decode the settings", "error", err)
		return 2
	}
	cfg := config.Defaults().WithoutRates() // all requests come from one address
	cfg.Addr, cfg.DatabaseURL, cfg.JWTSecret, cfg.NATSURL = s.Addr, config.Secret(
		s.DatabaseURL,
	), secret, config.Secret(
		s.NATSURL,
	)
	if s.Synchronous != "" {
		cfg.SQLiteSynchronous = s.Synchronous
	}
	cfg.ShutdownTimeout = endTime / 2 // net/http waits five seconds for first requests

	var publisher *lossy
	publisherReady := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with commands, or with the process
		<-publisherReady
		for lines := bufio.NewScanner(commands); lines.Scan(); {
			publisher.dropAll() // the only command
		}
		cancel()
		time.AfterFunc(endTime, func() { os.Exit(3) }) // the test has ended and cannot kill it
	}()
	var opts app.Options
	if s.Nodes {
		close(publisherReady)
	} else {
		opts.PollInterval = lossyPollInterval
		opts.Publisher = func(listener broker.Listener) write.Publisher {
			publisher = newLossy(s.Seed, listener)
			close(publisherReady)
			return publisher
		}
	}
	err := app.RunWith(ctx, cfg, logger, os.Stdout, opts)
	if err != nil {
		logger.Error("the server has ended", "error", err)
		return 1
	}
	return 0
}

// server runs server processes, one after the other, on one address and one database.
type server struct {
	t        testing.TB
	http     *http.Client
	settings settings
	// failed is called when a process ends by itself.
	failed func(error)
	// killed is the time of the last kill, in nanoseconds since 1970.
	killed  atomic.Int64
	process *testkit.Process
}

func (s *server) url() string { return "http://" + s.settings.Addr }

// start starts the server and returns when it is ready.
func (s *server) start(ctx context.Context) error {
	s.settings.Seed++ // each process has its own faulty broker
	encoded, err := json.Marshal(s.settings)
	if err != nil {
		return err
	}
	process, err := testkit.StartProcess(ctx, s.t, testkit.ProcessConfig{
		// A race ends the process, which fails the test.
		Env:     append(os.Environ(), serverVariable+"="+string(encoded), "GORACE=halt_on_error=1"),
		Prepare: func(cmd *exec.Cmd) { cmd.Stderr = s.t.Output() },
		Failed:  s.failed,
	})
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// kill ends the server with SIGKILL.
func (s *server) kill() {
	s.process.Kill()
	s.killed.Store(time.Now().UnixNano())
}

// dropPublications makes the server's broker lose every publication.
func (s *server) dropPublications() error { return s.process.WriteLine(dropPublications) }

// stop ends the server as an operator would.
func (s *server) stop() error { return s.process.Stop(nil) }

// freeAddr returns an unused loopback address. Its port is below the system's range for outgoing
// connections, one of which could otherwise take the port while the server is down.
func freeAddr() (string, error) {
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(10000)))
		if l, err := net.Listen("tcp", addr); err == nil { //nolint:noctx // it is closed at once
			return addr, l.Close()
		}
	}
	return "", errors.New("no free port")
}

// pause waits for d and reports whether ctx is still active.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
