package testkit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
)

const (
	// startTimeout is how long a process may take to become ready on a busy machine.
	startTimeout = time.Minute
	// readyPoll is the time between two requests for /readyz.
	readyPoll = 10 * time.Millisecond
	// stopTimeout is how long a process may take to drain.
	stopTimeout = 35 * time.Second
)

// BuildServer compiles the program and returns its path. It leaves the race detector out, which
// multiplies memory.
func BuildServer(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "parley")
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", program, "parley")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	return program
}

// ProcessConfig configures [StartProcess].
type ProcessConfig struct {
	// Program is the executable. The default is the test binary, whose TestMain runs the server.
	Program string
	// Env is the whole environment, as in [exec.Cmd].
	Env []string
	// Descriptors limits the file descriptors. Zero means the limit of the test.
	Descriptors int
	// Prepare may change the command before it starts. The default for its standard error is
	// [Process.Log].
	Prepare func(*exec.Cmd)
	// URL is where the server listens. By default it is read from the output and [Process.Log].
	URL string
	// Failed is called when the process ends by itself: without Kill or Stop.
	Failed func(error)
}

// Process is a server in a process of its own. It is safe for concurrent use.
type Process struct {
	// URL is where the server listens: http://127.0.0.1:port.
	URL string
	// Log is what the server logs.
	Log Log

	cmd    *exec.Cmd
	stdin  io.WriteCloser
	http   *http.Client
	ending atomic.Bool
	ended  chan struct{} // closed when the process has ended
	err    error         // what it ended with; read it after ended
}

// StartProcess starts a server and returns when it is ready. The test kills the process at its end.
// The process may end itself when its standard input does, so that it never outlives the test.
func StartProcess(ctx context.Context, t testing.TB, cfg ProcessConfig) (*Process, error) {
	program := cfg.Program
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		program = self
	}
	cmd := exec.Command(program) //nolint:noctx // Kill or Stop ends it
	if cfg.Descriptors > 0 {
		limit := fmt.Sprintf(`ulimit -n %d && exec "$0"`, cfg.Descriptors)
		cmd = exec.Command("/bin/sh", "-c", limit, program) //nolint:noctx // likewise
	}
	// A probe opens a connection for each request.
	probe := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: timeout}
	p := &Process{cmd: cmd, http: probe, ended: make(chan struct{})}
	url := make(chan string, 1)
	if cfg.URL != "" {
		url <- cfg.URL
	}
	p.Log.ready = func(found string) { sendURL(url, found) }
	cmd.Dir, cmd.Env, cmd.Stderr = t.TempDir(), cfg.Env, &p.Log
	if cfg.Prepare != nil {
		cfg.Prepare(cmd)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	t.Cleanup(p.Kill)
	go func() { // ends with the process
		defer close(p.ended)
		scanURL(stdout, url)
		if p.err = cmd.Wait(); !p.ending.Load() && cfg.Failed != nil {
			cfg.Failed(fmt.Errorf("the server ended: %w",
				errors.Join(p.err, errors.New(cmd.ProcessState.String()))))
		}
	}()
	if err := p.awaitReady(ctx, url); err != nil {
		p.Kill()
		return nil, fmt.Errorf("start the server: %w\n%s", err, p.Log.Tail())
	}
	return p, nil
}

// scanURL reads the output of a server to its end and sends the URL that the server prints.
func scanURL(output io.Reader, url chan<- string) {
	pattern := regexp.MustCompile(`GraphQL +(http://\S+)/graphql`)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if found := pattern.FindStringSubmatch(lines.Text()); found != nil {
			sendURL(url, found[1])
		}
	}
}

// sendURL sends a URL unless one has been sent.
func sendURL(url chan<- string, found string) {
	select {
	case url <- found:
	default:
	}
}

// readyLine matches the log entry of a server that is ready, in both formats, with its address.
func readyLine() *regexp.Regexp {
	return regexp.MustCompile(`msg"?[=:]"?ready"?.*address"?[=:]"?([^\s",]+)[\s",]`)
}

// awaitReady waits until the server has printed its URL and /readyz answers 200.
func (p *Process) awaitReady(ctx context.Context, url <-chan string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case p.URL = <-url:
	case <-p.ended:
		return errors.New("it has ended")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		status, body, err := p.Get(ctx, p.URL+"/readyz")
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-time.After(readyPoll):
		case <-p.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return fmt.Errorf("/readyz: %d %s: %w", status, body, errors.Join(err, ctx.Err()))
		}
	}
}

// Get sends a GET request on a connection of its own.
func (p *Process) Get(ctx context.Context, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// WriteLine writes a line to the standard input of the process.
func (p *Process) WriteLine(line string) error {
	_, err := fmt.Fprintln(p.stdin, line)
	return err
}

// Signal sends a signal to the process. A signal that ends it counts as a failure of the process.
func (p *Process) Signal(signal os.Signal) error { return p.cmd.Process.Signal(signal) }

// Kill ends the process with SIGKILL. It does nothing if the process has ended.
func (p *Process) Kill() {
	p.ending.Store(true)
	_ = p.cmd.Process.Kill() // an error means that the process has ended
	<-p.ended
}

// Stop ends the process by a signal, or by closing its standard input if signal is nil. It returns
// what the process ended with, after killing it if it did not end in time.
func (p *Process) Stop(signal os.Signal) error {
	p.ending.Store(true)
	err := p.stdin.Close()
	if signal != nil {
		err = p.Signal(signal)
	}
	select {
	case <-p.ended:
		return errors.Join(err, p.err)
	case <-time.After(stopTimeout):
		p.Kill()
		return errors.New("the server does not stop")
	}
}

// Failed reports whether the process has ended by itself: without Kill or Stop.
func (p *Process) Failed() bool {
	select {
	case <-p.ended:
		return !p.ending.Load()
	default:
		return false
	}
}

// Memory returns the resident memory of the process in bytes, and its peak since
// [Process.ResetPeak]. ok is false on systems without /proc.
func (p *Process) Memory() (now, peak int64, ok bool) {
	status, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, 0, false
	}
	value := func(name string) int64 {
		_, rest, _ := strings.Cut(string(status), "\n"+name+":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0
		}
		kilobytes, _ := strconv.ParseInt(fields[0], 10, 64) // 0 fails the assertions
		return kilobytes << 10
	}
	return value("VmRSS"), value("VmHWM"), true
}

// ResetPeak makes the present memory the peak.
func (p *Process) ResetPeak() { _ = os.WriteFile(p.proc("clear_refs"), []byte("5"), 0) }

// OpenFiles returns the number of file descriptors that the process has open.
func (p *Process) OpenFiles() int {
	open, _ := os.ReadDir(p.proc("fd"))
	return len(open)
}

func (p *Process) proc(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}

// Log stores what a process logs. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
	// ready is called once with the URL of the server when it is ready; nil after that.
	ready func(url string)
}

func (l *Log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(text)
	if l.ready != nil {
		if found := readyLine().FindSubmatch(l.text.Bytes()); found != nil {
			l.ready("http://" + string(found[1]))
			l.ready = nil
		}
	}
	return n, err
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Tail returns the last lines.
func (l *Log) Tail() string {
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
