//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/testkit"
)

// runs tells the process that it is the server.
const runs = "PARLEY_TEST_RUNS"

func TestMain(m *testing.M) {
	if os.Getenv(runs) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// process is a server with an address for operators.
type process struct {
	*testkit.Process
	t     *testing.T
	admin string
}

// start starts a server that may have so many file descriptors. It has no terminal.
func start(t *testing.T, descriptors int, prepare func(*exec.Cmd), env ...string) *process {
	t.Helper()
	admin, addr := testkit.FreeAddress(t), testkit.FreeAddress(t)
	p, err := testkit.StartProcess(t.Context(), t, testkit.ProcessConfig{
		Env: append(append(os.Environ(), runs+"=1", "DATABASE_URL=sqlite::memory:",
			"PARLEY_ADDR="+addr, "PARLEY_ADMIN_ADDR="+admin,
			"PARLEY_JWT_SECRET=only for tests, 32 bytes or more"), env...),
		Descriptors: descriptors,
		URL:         "http://" + addr, // the log may go elsewhere
		Prepare: func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			prepare(cmd)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(p.Log.String())
		}
	})
	return &process{Process: p, t: t, admin: "http://" + admin}
}

// get sends a GET request on a connection of its own.
func (p *process) get(url string) (status int, body string) {
	p.t.Helper()
	status, body, err := p.Get(p.t.Context(), url)
	if err != nil {
		p.t.Fatal(err)
	}
	return status, body
}

// alive checks that the server answers.
func (p *process) alive() {
	p.t.Helper()
	if status, body := p.get(p.URL + "/healthz"); status != http.StatusOK {
		p.t.Fatalf("/healthz: %d %s", status, body)
	}
}

// TestReady: without a terminal a server prints nothing, and logs one line when it is ready, without
// secrets.
func TestReady(t *testing.T) {
	const password = "hunter2"
	var stdout bytes.Buffer
	file := t.TempDir() + "/" + password
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), runs+"=1", "DATABASE_URL=sqlite:"+file,
		"PARLEY_ADDR=127.0.0.1:0", "PARLEY_JWT_SECRET=only for tests, 32 bytes or more")
	cmd.Stdout = &stdout
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ready []map[string]any
	for lines := bufio.NewScanner(logs); lines.Scan(); {
		var entry map[string]any
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Errorf("%s: %v", lines.Text(), err)
		}
		if entry["msg"] == "ready" {
			ready = append(ready, entry)
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || stdout.Len() > 0 || len(ready) != 1 {
		t.Fatalf("%v, stdout %q, ready %v", err, stdout.String(), ready)
	}
	entry := ready[0]
	address, _ := entry["address"].(string)
	if entry["database"] != "sqlite3" || entry["mode"] != "production" ||
		!strings.HasPrefix(address, "127.0.0.1:") || entry["version"] != version() ||
		strings.Contains(fmt.Sprint(entry), password) {
		t.Errorf("ready: %v", entry)
	}
}

// TestSignals: a service ignores SIGHUP, survives a log that is gone, and ends with SIGTERM.
func TestSignals(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, 1024, func(cmd *exec.Cmd) { cmd.Stderr = write }, "PARLEY_LOG_LEVEL=debug")
	_ = write.Close()
	p.alive()
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.alive()
	}
	_ = read.Close()
	for range 3 { // each of which is logged
		p.alive()
	}
	if err := p.Stop(syscall.SIGTERM); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// TestFewDescriptors: with all connections taken, by sockets and by clients that say nothing, the
// node is visible.
func TestFewDescriptors(t *testing.T) {
	p := start(t, 256, func(*exec.Cmd) {})
	addr := strings.TrimPrefix(p.URL, "http://")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for i := range 600 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		switch i % 3 {
		case 0: // a socket
			_, err = fmt.Fprintf(
				conn,
				"GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
					"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"+
					"X-Forwarded-For: 10.0.0.%d\r\n\r\n",
				i%256,
			)
		case 1: // a request that keeps its connection
			_, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		case 2: // a body that does not come
			_, err = io.WriteString(
				conn,
				"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			)
		}
		if err != nil && !strings.Contains(err.Error(), "reset") &&
			!strings.Contains(err.Error(), "broken pipe") {
			t.Fatal(err)
		}
		if i%50 == 49 {
			p.alive()
		}
	}
	if status, body := p.get(p.URL + "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: %d %s", status, body)
	}
	status, body := p.get(p.admin + "/metrics")
	if status != http.StatusOK || !strings.Contains(body, "parley_http_connections_limit") {
		t.Errorf("/metrics: %d", status)
	}
	if files := regexp.MustCompile(`process_open_fds (\d+)`).
		FindStringSubmatch(body); files == nil || len(files[1]) != 3 ||
		files[1] > "250" {
		t.Errorf("open files: %v", files)
	}
	for _, want := range []string{"fewer sockets than PARLEY_MAX_SOCKETS", `"limit":"http_connections"`} {
		if !strings.Contains(p.Log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if strings.Contains(p.Log.String(), `"limit":"file_descriptors"`) {
		t.Error("it runs out of descriptors")
	}
}
