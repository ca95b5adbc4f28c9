package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"parley/internal/testkit"
)

// secret signs the tokens of all users.
const secret = "a secret that only hostile tests know, 32+ bytes"

// startTime is how long a server may take to start, on a machine that is busy.
const startTime = time.Minute

// mib is a mebibyte.
const mib = 1 << 20

// build compiles the program and returns its path. The race detector is left out: it multiplies the
// memory that the tests measure.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "parley")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", program, "parley")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	return program
}

// process is a running server.
type process struct {
	t        testing.TB
	cmd      *exec.Cmd
	url      string
	database string // the dialect
	source   string // DATABASE_URL
	log      logBuffer
	http     *http.Client
	killed   atomic.Bool
	ended    chan struct{} // closed when the process is gone
}

// environment are settings by the name of their variable.
type environment map[string]string

// descriptors is an [environment] entry that is no setting: the process's limit of file
// descriptors.
const descriptors = "RLIMIT_NOFILE"

// start runs the program on a new database until the end of the test. Its tokens are signed with
// [secret] unless settings say otherwise.
func start(t *testing.T, program, database string, settings environment) *process {
	t.Helper()
	source := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
	if database == dialect.Postgres {
		source = testkit.MigratedPostgresURL(t)
	}
	p := &process{t: t, database: database, source: source, ended: make(chan struct{})}
	p.http = &http.Client{ // as a probe does: a connection for each request
		Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience / 3,
	}
	variables := environment{
		"DATABASE_URL": source, "PARLEY_ADDR": "127.0.0.1:0", "PARLEY_JWT_SECRET": secret,
		"PARLEY_LOG_FORMAT": "text",
	}
	maps.Copy(variables, settings)
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), program)
	if limit := variables[descriptors]; limit != "" {
		p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()),
			"/bin/sh", "-c", "ulimit -n "+limit+` && exec "$0"`, program)
		delete(variables, descriptors)
	}
	p.cmd.Dir = t.TempDir()
	for name, value := range variables {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	t.Cleanup(p.kill)
	address := make(chan string, 1)
	go func() { // ends with the process
		defer close(p.ended)
		p.awaitAddress(stdout, address)
		_ = p.cmd.Wait() // the victim reports a process that ends by itself
	}()
	select {
	case p.url = <-address:
	case <-p.ended:
		t.Fatalf("the server ended at start:\n%s", p.log.tail())
	case <-time.After(startTime):
		t.Fatalf("the server does not start:\n%s", p.log.tail())
	}
	return p
}

var graphqlLine = regexp.MustCompile(`GraphQL +(http://\S+)/graphql`)

// awaitAddress reads the server's output, and sends the URL that it prints.
func (p *process) awaitAddress(output io.Reader, address chan<- string) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := graphqlLine.FindStringSubmatch(lines.Text()); found != nil {
			address <- found[1]
		}
	}
}

// kill ends the process.
func (p *process) kill() {
	p.killed.Store(true)
	_ = p.cmd.Process.Kill() // an error says that it has ended
	<-p.ended
	p.http.CloseIdleConnections()
}

// dead reports whether the process has ended by itself.
func (p *process) dead() bool {
	select {
	case <-p.ended:
		return !p.killed.Load()
	default:
		return false
	}
}

// memory returns the resident memory of the process in bytes: now, and its peak since
// [process.resetPeak]. ok is false on systems without /proc.
func (p *process) memory() (now, peak int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, false
	}
	kilobytes := func(name string) int64 {
		_, rest, _ := strings.Cut(string(status), "\n"+name+":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0
		}
		n, _ := strconv.ParseInt(fields[0], 10, 64) // 0 fails the assertions
		return n << 10
	}
	return kilobytes("VmRSS"), kilobytes("VmHWM"), true
}

// resetPeak begins to measure the peak of the memory anew.
func (p *process) resetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}

// openFiles returns how many file descriptors the process has.
func (p *process) openFiles() int {
	open, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	return len(open)
}

// get returns status and body of a GET of a page of the server's own.
func (p *process) get(ctx context.Context, path string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

// series returns the values of a metric by their labels.
func (p *process) series(ctx context.Context, name string) (map[string]float64, error) {
	_, text, err := p.get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for line := range strings.SplitSeq(text, "\n") {
		series, value, _ := strings.Cut(line, " ")
		bare, labels, _ := strings.Cut(series, "{")
		if bare != name {
			continue
		}
		if values[strings.TrimSuffix(labels, "}")], err = strconv.ParseFloat(
			value,
			64,
		); err != nil {
			return nil, fmt.Errorf("metric %s: %w", line, err)
		}
	}
	return values, nil
}

// metric returns the sum of all series of a metric.
func (p *process) metric(name string) float64 {
	p.t.Helper()
	series, err := p.series(p.t.Context(), name)
	if err != nil {
		p.t.Fatalf("read /metrics: %v", err)
	}
	var sum float64
	for value := range maps.Values(series) {
		sum += value
	}
	return sum
}

// statements returns how many SQL statements the server has run so far.
func (p *process) statements() int { return int(p.metric("parley_statement_cache_total")) }

// logBuffer keeps what a process logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// tail returns the last lines.
func (b *logBuffer) tail() string {
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// pause waits for d, or until ctx ends, and reports whether ctx is still good.
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
