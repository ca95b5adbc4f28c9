package app_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/store/storetest"
	"parley/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// start runs a server as main does, on a free port and a file of its own, and returns its address
// and what ends it.
func start(t *testing.T) (address string, stop func() error) {
	t.Helper()
	cfg := config.Defaults()
	cfg.Addr = "127.0.0.1:0"
	cfg.DatabaseURL = config.Secret("sqlite:" + filepath.Join(t.TempDir(), "parley.db"))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() { // ends with ctx
		err := app.Run(ctx, cfg, slog.New(slog.NewTextHandler(t.Output(), nil)), said)
		_ = said.CloseWithError(err)
		ended <- err
	}()
	var text strings.Builder
	link := regexp.MustCompile(`http://(\S+)/\n`)
	buf := make([]byte, 1024)
	for link.FindString(text.String()) == "" {
		n, err := out.Read(buf)
		text.Write(buf[:n])
		if err != nil {
			t.Fatalf("the server said %q and ended: %v", text.String(), err)
		}
	}
	if !strings.Contains(text.String(), "development mode") {
		t.Errorf("the server does not say that it is in development mode: %q", text.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends when said is closed
	return link.FindStringSubmatch(text.String())[1], func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(30 * time.Second):
			t.Fatal("the server does not end")
			return nil
		}
	}
}

func TestRunServesAndDrains(t *testing.T) {
	address, stop := start(t)
	for _, path := range []string{"/healthz", "/readyz", "/", "/schema.graphql"} {
		req, err := http.NewRequestWithContext(
			t.Context(),
			http.MethodGet,
			"http://"+address+path,
			nil,
		)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %s", path, res.Status)
		}
	}
	//nolint:bodyclose // a WebSocket's response has no body
	conn, _, err := websocket.Dial(
		t.Context(),
		"ws://"+address+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(
		t.Context(),
		websocket.MessageText,
		[]byte(`{"type":"connection_init"}`),
	); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { // ends when the server closes the socket
		_, _, err := conn.Read(context.Background())
		closed <- err
	}()
	if err := stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if code := websocket.CloseStatus(<-closed); code != websocket.StatusServiceRestart {
		t.Errorf("the socket was closed with %d, want 1012 (come back)", code)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestRunRefusesATakenAddress(t *testing.T) {
	address, stop := start(t)
	cfg := config.Defaults()
	cfg.Addr, cfg.DatabaseURL = address, "sqlite::memory:"
	err := app.Run(t.Context(), cfg, slog.New(slog.DiscardHandler), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "PARLEY_ADDR") {
		t.Errorf("a taken address: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// serve runs a server whose requests have the deadlines given, and returns its address. closed gets
// one for each connection that the server has closed.
func serve(t *testing.T, read, write time.Duration) (address string, closed <-chan struct{}) {
	t.Helper()
	cfg := config.Defaults()
	cfg.DatabaseURL = "sqlite::memory:"
	logger := slog.New(slog.DiscardHandler)
	a, err := app.New(t.Context(), cfg, logger, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := app.NewHTTPServer(a.Handler(), logger, read, write)
	ended := make(chan struct{}, 1)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			ended <- struct{}{}
		}
	}
	served := make(chan struct{})
	go func() { // ends with Close below
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := a.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		_ = server.Close()
		<-served
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), ended
}

// TestDeadlines: whatever a client asks for, it does not get a connection for longer than the
// deadlines, by neither finishing its request nor reading the answer.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	const (
		// Within read the test has to send its request, also on a busy machine: otherwise the
		// server closes the connection without a response.
		read    = time.Second
		write   = 2 * time.Second
		timeout = 5 * time.Second // less than any other limit
		oneByte = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
	)
	for name, test := range map[string]struct {
		request, status string
	}{
		"graphql, no JSON":      {"POST /graphql" + oneByte + "Content-Type: text/plain\r\n\r\n{", "415"},
		"graphql, bad token":    {"POST /graphql" + oneByte + "Authorization: Bearer x\r\n\r\n{", "401"},
		"graphql, bad method":   {"PUT /graphql" + oneByte + "\r\n{", "405"},
		"graphql, unacceptable": {"POST /graphql" + oneByte + "Accept: image/png\r\n\r\n{", "406"},
		"graphql, GET":          {"GET /graphql?query=%7B__typename%7D" + oneByte + "\r\n{", "200"},
		"preflight":             {"OPTIONS /graphql" + oneByte + "Origin: http://localhost:1\r\nAccess-Control-Request-Method: POST\r\n\r\n{", "204"},
		"another host":          {"GET / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1000\r\n\r\n{", "421"},
		"health, POST":          {"POST /healthz" + oneByte + "\r\n{", "405"},
		"health":                {"GET /healthz" + oneByte + "\r\n{", "200"},
		"readiness":             {"GET /readyz" + oneByte + "\r\n{", "200"},
		"schema":                {"GET /schema.graphql" + oneByte + "\r\n{", "200"},
		"page":                  {"GET /" + oneByte + "\r\n{", "200"},
		"missing asset":         {"GET /playground/none.js" + oneByte + "\r\n{", "404"},
		"nothing there":         {"POST /nothing" + oneByte + "\r\n{", "404"},
		"chunks":                {"POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "405"},
		// More than the buffers of both sides hold.
		"answers not read": {strings.Repeat("GET /schema.graphql HTTP/1.1\r\nHost: localhost\r\n\r\n", 2000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, closed := serve(t, read, write)
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, test.request); err != nil {
				t.Fatal(err)
			}
			select {
			case <-closed:
			case <-time.After(timeout):
				t.Fatal("the connection is still open")
			}
			if test.status == "" {
				return
			}
			answer, err := io.ReadAll(conn)
			if want := "HTTP/1.1 " + test.status; err != nil ||
				!bytes.HasPrefix(answer, []byte(want)) {
				t.Errorf("answered %.200q, %v; want %s", answer, err, want)
			}
		})
	}
}

// TestSocketOutlivesDeadlines: the deadlines of a request are not those of the WebSocket that it
// becomes.
func TestSocketOutlivesDeadlines(t *testing.T) {
	t.Parallel()
	const deadline = 500 * time.Millisecond
	address, _ := serve(t, deadline, deadline)
	//nolint:bodyclose // a WebSocket's response has no body
	conn, _, err := websocket.Dial(
		t.Context(),
		"ws://"+address+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	exchange := func(message, want string) {
		t.Helper()
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		_, answer, err := conn.Read(t.Context())
		if err != nil || !bytes.Contains(answer, []byte(want)) {
			t.Fatalf("%s: answered %s, %v; want %s", message, answer, err, want)
		}
	}
	exchange(`{"type":"connection_init"}`, "connection_ack")
	time.Sleep(deadline + deadline/5) // of a real connection, whose clock is the kernel's
	exchange(`{"type":"ping"}`, "pong")
}

// TestStopWhileStarting: a server that waits for the migration of another node can be stopped.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	const migrationLock = 0x7061726c6579 // "parley"
	url := storetest.PostgresURL(t)
	other, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(
		t.Context(),
		"SELECT pg_advisory_lock($1)",
		int64(migrationLock),
	); err != nil {
		t.Fatal(err)
	}

	cfg := config.Defaults()
	cfg.Addr, cfg.DatabaseURL = "127.0.0.1:0", config.Secret(url)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, said := io.Pipe()
	ended := make(chan error, 1)
	go func() { // ends with ctx
		err := app.Run(ctx, cfg, slog.New(slog.NewTextHandler(said, nil)), io.Discard)
		_ = said.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "waiting for another process that migrates") {
		t.Log(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, log) }() // ends when said is closed
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("stopped while starting: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the server waits on")
	}
}

// TestDatabaseAwayAtStart: the server says that it is not ready, keeps trying, and serves when the
// database is there.
func TestDatabaseAwayAtStart(t *testing.T) {
	wire := testkit.NewWire(t, testkit.MigratedPostgresURL(t))
	wire.Cut()
	cfg := config.Defaults()
	cfg.DatabaseURL, cfg.JWTSecret = config.Secret(wire.URL), "only for tests, 32 bytes or more"
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Addr = l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	var log logSink
	go func() { // ends with ctx
		ended <- app.Run(ctx, cfg, slog.New(slog.NewTextHandler(&log, nil)), io.Discard)
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if said := log.String(); strings.Contains(said, "password") {
			t.Errorf("the log says %s", said)
		}
	}()
	until := func(path string, status int, body string) {
		t.Helper()
		var got int
		var raw []byte
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			req, err := http.NewRequestWithContext(
				t.Context(),
				http.MethodGet,
				"http://"+cfg.Addr+path,
				nil,
			)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				continue // it does not listen yet
			}
			got = res.StatusCode
			raw, _ = io.ReadAll(res.Body)
			_ = res.Body.Close()
			if got == status && strings.Contains(string(raw), body) {
				return
			}
		}
		t.Fatalf("%s: %d %s, want %d and %s", path, got, raw, status, body)
	}
	until("/healthz", http.StatusOK, "ok")
	until("/readyz", http.StatusServiceUnavailable, "starting")
	until("/graphql", http.StatusServiceUnavailable, "UNAVAILABLE")
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(log.String(), "the database cannot be reached"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) { // it listens before it tries the database
			t.Fatalf("the log says %s", log.String())
		}
	}
	wire.Heal()
	until("/readyz", http.StatusOK, "ready")
	wire.Cut()
	until("/readyz", http.StatusServiceUnavailable, "unavailable")
	wire.Heal()
	until("/readyz", http.StatusOK, "ready")
}

// TestNATSUnreachableAtStart: a node that cannot reach NATS serves requests, reports the problem,
// and connects by itself when NATS is up.
func TestNATSUnreachableAtStart(t *testing.T) {
	nats := testkit.StartNATS(t)
	nats.Stop()
	s := testkit.StartOn(
		t,
		testkit.MigratedPostgresURL(t),
		func(cfg *config.Config) { cfg.NATSURL = config.Secret(nats.URL) },
	)
	until := func(want string) {
		t.Helper()
		var got string
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			req, err := http.NewRequestWithContext(
				t.Context(),
				http.MethodGet,
				s.URL+"/readyz",
				nil,
			)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if got = strings.TrimSpace(
				string(raw),
			); res.StatusCode == http.StatusOK &&
				got == want {
				return
			}
		}
		t.Fatalf("/readyz says %s, want %s", got, want)
	}
	until(`{"status":"ready","peers":"disconnected"}`)
	s.As("alice").Do(`mutation { createRoom(input: {}) { room { id } } }`, nil)
	nats.Start()
	until(`{"status":"ready"}`)
	nats.Stop()
	until(`{"status":"ready","peers":"disconnected"}`)
}

// TestWhereToGo: what the server says is an address that can be opened, also where it listens on
// all that there are.
func TestWhereToGo(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/app",
		"192.0.2.1:8080": "http://192.0.2.1:8080/app",
		"[::1]:8080":     "http://[::1]:8080/app",
		"0.0.0.0:8080":   "http://localhost:8080/app",
		"[::]:8080":      "http://localhost:8080/app",
	} {
		var said strings.Builder
		app.Welcome(
			&said,
			config.Defaults(),
			net.TCPAddrFromAddrPort(netip.MustParseAddrPort(listens)),
		)
		if !strings.Contains(said.String(), " "+want+"\n") {
			t.Errorf("at %s it says %q, want %s", listens, said.String(), want)
		}
	}
}
