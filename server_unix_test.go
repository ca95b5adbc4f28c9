//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// runs tells the process that it is the server.
const runs = "PARLEY_TEST_RUNS"

func TestMain(m *testing.M) {
	if os.Getenv(runs) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	*exec.Cmd
	t          *testing.T
	url, admin string
	log        safeBuffer
	stderr     *os.File
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts a server that may have so many file descriptors. It has no terminal.
func start(t *testing.T, descriptors int, env ...string) *process {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	admin := freeAddr(t)
	p := &process{t: t, admin: "http://" + admin}
	p.Cmd = exec.CommandContext(
		t.Context(),
		"sh",
		"-c",
		fmt.Sprintf("ulimit -n %d; exec \"$0\"", descriptors),
		executable,
	)
	p.Dir = t.TempDir()
	p.Env = append(
		os.Environ(),
		runs+"=1",
		"DATABASE_URL=sqlite::memory:",
		"PARLEY_ADDR=127.0.0.1:0",
		"PARLEY_ADMIN_ADDR="+admin,
		"PARLEY_JWT_SECRET=only for tests, 32 bytes or more",
	)
	p.Env = append(p.Env, env...)
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Stderr, p.stderr = write, read
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	logged := make(chan struct{})
	go func() { // ends with the process, or with closeLog
		defer close(logged)
		_, _ = io.Copy(&p.log, read)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
		_ = read.Close()
		<-logged
		if t.Failed() {
			t.Log(p.log.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if found := regexp.MustCompile(`(http://\S+)/graphql`).
			FindStringSubmatch(lines.Text()); found != nil {
			p.url = found[1]
			return p
		}
	}
	t.Fatal("the server does not start")
	return nil
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get asks on a connection of its own.
func (p *process) get(url string) (status int, body string) {
	p.t.Helper()
	client := http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   10 * time.Second,
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// alive checks that the server answers.
func (p *process) alive() {
	p.t.Helper()
	if status, body := p.get(p.url + "/healthz"); status != http.StatusOK {
		p.t.Fatalf("/healthz: %d %s", status, body)
	}
}

// TestSignals: a service ignores SIGHUP, survives a log that is gone, and ends with SIGTERM.
func TestSignals(t *testing.T) {
	p := start(t, 1024, "PARLEY_LOG_LEVEL=debug")
	p.alive()
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		p.alive()
	}
	_ = p.stderr.Close()
	for range 3 { // each of which is logged
		p.alive()
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// TestFewDescriptors: with all connections taken, by sockets and by clients that say nothing, the
// node is visible.
func TestFewDescriptors(t *testing.T) {
	p := start(t, 256)
	addr := strings.TrimPrefix(p.url, "http://")
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
	if status, body := p.get(p.url + "/readyz"); status != http.StatusOK {
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
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	if strings.Contains(p.log.String(), `"limit":"file_descriptors"`) {
		t.Error("it runs out of descriptors")
	}
}
