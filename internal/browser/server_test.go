package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

// serverVariable makes this test binary run a server. Its value is the settings as JSON.
const serverVariable = "PARLEY_BROWSER_SERVER"

type settings struct{ Addr, DatabaseURL string }

// serve runs a server in development mode until input ends, at the latest when the test ends. It
// returns the exit code.
func serve(encoded string, input io.Reader, output io.Writer) int {
	logger := slog.New(slog.NewTextHandler(output, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var s settings
	if err := json.Unmarshal([]byte(encoded), &s); err != nil {
		logger.Error("decode the settings", "error", err)
		return 2
	}
	cfg := config.Defaults()
	cfg.Addr, cfg.DatabaseURL = s.Addr, config.Secret(s.DatabaseURL)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, input)
		cancel()
	}()
	if err := app.Run(ctx, cfg, logger, os.Stdout); err != nil {
		logger.Error("the server has ended", "error", err)
		return 1
	}
	return 0
}

// server runs server processes, one after the other, on one address and one database.
type server struct {
	t        *testing.T
	settings settings
	process  *testkit.Process
}

func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{
		t: t,
		settings: settings{
			Addr:        testkit.FreeAddress(t),
			DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "parley.db"),
		},
	}
	s.start()
	return s
}

func (s *server) url() string { return "http://" + s.settings.Addr }

// start starts the server and returns when it is ready.
func (s *server) start() {
	s.t.Helper()
	encoded, err := json.Marshal(s.settings)
	if err != nil {
		s.t.Fatal(err)
	}
	s.process, err = testkit.StartProcess(s.t.Context(), s.t, testkit.ProcessConfig{
		Env:     append(os.Environ(), serverVariable+"="+string(encoded)),
		Prepare: func(cmd *exec.Cmd) { cmd.Stderr = s.t.Output() },
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// kill ends the server with SIGKILL.
func (s *server) kill() { s.process.Kill() }

// signIn returns a token for a user from the API that the pages use.
func (s *server) signIn(id string) string {
	s.t.Helper()
	var data struct{ SignIn struct{ Token string } }
	s.execute(
		"",
		`mutation ($id: ID!) { signIn(userId: $id) { token } }`,
		map[string]any{"id": id},
		&data,
	)
	return data.SignIn.Token
}

// execute sends an operation that must succeed and decodes its data.
func (s *server) execute(token, query string, vars map[string]any, data any) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(
		s.t.Context(),
		http.MethodPost,
		s.url()+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	reply := struct {
		Data   any
		Errors []any
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&reply); err != nil || len(reply.Errors) > 0 {
		s.t.Fatalf("%s: %v %v", query, err, reply.Errors)
	}
}

// testTimeout is the timeout of everything that a test waits for. It suits busy machines.
const testTimeout = 30 * time.Second

// eventually waits until check returns true. After testTimeout it fails the test with the last value
// that check returned.
func eventually(t *testing.T, what string, check func() (bool, any)) {
	t.Helper()
	deadline := time.NewTimer(testTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, last := check()
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s; last: %v", testTimeout, what, last)
		}
	}
}
