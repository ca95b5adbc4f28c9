package compose_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testTimeout is how long a test waits for an expected result.
const testTimeout = 30 * time.Second

// findNginx returns the path of nginx. Without nginx the test is skipped, or fails in CI.
func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("PARLEY_TEST_NGINX"), "nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no nginx: scripts/install-packages installs it")
	}
	t.Skip("no nginx on the PATH, nor PARLEY_TEST_NGINX")
	return ""
}

// untilSilent runs the program in its arguments until its input ends. The input ends with the test
// in any case, so that no proxy keeps running.
const untilSilent = `"$@" </dev/null & read -r _; kill $!; wait $!`

// startProxy starts nginx in front of nodes, with the files of the compose file, except for its
// address, the settings and the nodes. It returns its URL.
func startProxy(t *testing.T, settings string, nodes ...string) string {
	t.Helper()
	nginx, folder, addr := findNginx(t), t.TempDir(), freeAddr(t)
	var servers strings.Builder
	for _, node := range nodes {
		// The parameters after the address stay.
		_, rest, _ := strings.Cut(strings.SplitN(read(t, "nodes.conf"), "\nserver ", 2)[1], " ")
		rest, _, _ = strings.Cut(rest, "\n")
		fmt.Fprintln(&servers, "server", node, rest)
	}
	for name, content := range map[string]string{
		"nginx.conf":  read(t, "nginx.conf"),
		"listen.conf": "listen " + addr + ";\n" + settings,
		"nodes.conf":  servers.String(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{
		nginx,
		"-e",
		"stderr",
		"-p",
		folder + "/",
		"-c",
		filepath.Join(folder, "nginx.conf"),
	}
	if os.Geteuid() == 0 {
		args = append(
			args,
			"-g",
			"user root;",
		) // nginx's workers would run as a user that cannot read the folder
	}
	if out, err := exec.CommandContext(t.Context(), nginx, append(args[1:], "-t")...).
		CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	//nolint:noctx // it ends with its input
	cmd := exec.Command(
		"sh",
		append(
			[]string{"-c", untilSilent, "sh"},
			args...)...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("nginx has ended with %v", err)
		}
	})
	url := "http://" + addr
	eventually(t, "the proxy answers", func() error {
		return ask(
			t,
			http.DefaultClient,
			http.MethodGet,
			url+"/readyz",
			nil,
		).is(http.StatusNotFound)
	})
	return url
}

// freeAddr returns a free loopback address. Its port is below the range of outgoing connections.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(10000)))
		if l, err := net.Listen("tcp", addr); err == nil { //nolint:noctx // it is closed at once
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}

// eventually waits until check returns no error.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s: %v", testTimeout, what, err)
		}
	}
}

// answer is a response, if there is one.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

func (a answer) is(status int) error {
	if a.err == nil && a.status != status {
		return fmt.Errorf("%d %s", a.status, a.body)
	}
	return a.err
}

// ask sends a request with headers.
func ask(
	t *testing.T,
	client *http.Client,
	method, url string,
	body []byte,
	header ...string,
) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text), err}
}

// recorder is a node that records its requests.
type recorder struct {
	addr string

	mu   sync.Mutex
	seen []*http.Request
}

// startRecorder starts a recorder that responds, or closes each connection without a response.
func startRecorder(t *testing.T, hangsUp bool) *recorder {
	t.Helper()
	return startRecorderAt(t, "127.0.0.1:0", hangsUp)
}

func startRecorderAt(t *testing.T, addr string, hangsUp bool) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", addr) //nolint:noctx // the server closes it
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{addr: l.Addr().String()}
	s := httptest.NewUnstartedServer(
		http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			r.mu.Lock()
			r.seen = append(r.seen, req)
			r.mu.Unlock()
			if hangsUp {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, "answered")
		}),
	)
	_ = s.Listener.Close() // its own
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return r
}

// asked returns the requests since its last call.
func (r *recorder) asked() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

// TestForwardedHeaders checks the address, host and request id that the proxy sends to nodes,
// whatever the client sends.
func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	node := startRecorder(t, false)
	url := startProxy(t, "", node.addr)
	told := func(header ...string) http.Header {
		t.Helper()
		if err := ask(
			t,
			http.DefaultClient,
			http.MethodGet,
			url+"/graphql",
			nil,
			header...).is(http.StatusOK); err != nil {
			t.Fatal(err)
		}
		seen := node.asked()
		if len(seen) != 1 {
			t.Fatalf("%d requests", len(seen))
		}
		h := seen[0].Header
		h.Set("Host", seen[0].Host)
		return h
	}
	long := strings.Repeat("x", 129)
	for _, id := range []string{"", "not an id", long} {
		h := told("X-Request-Id", id)
		if got := h.Get("X-Request-Id"); len(got) != 32 {
			t.Errorf("for the id %q nodes get %q", id, got)
		}
	}
	h := told(
		"Host",
		"chat.example:8443",
		"X-Forwarded-For",
		"1.2.3.4",
		"Forwarded",
		"for=1.2.3.4",
		"X-Real-Ip",
		"1.2.3.4",
		"X-Forwarded-Host",
		"evil.example",
		"X-Request-Id",
		"my-own.1",
		"Traceparent",
		"00-1-1-01",
		"Upgrade",
		"h2c",
		"Connection",
		"Upgrade",
	)
	got := map[string][]string{}
	for _, name := range []string{
		"Host", "X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "X-Request-Id", "Traceparent", "Upgrade", "Connection",
	} {
		got[name] = h.Values(name)
	}
	want := map[string][]string{
		"Host": {
			"chat.example:8443",
		},
		"X-Forwarded-For":  {"127.0.0.1"},
		"Forwarded":        nil,
		"X-Real-Ip":        nil,
		"X-Forwarded-Host": nil,
		"X-Request-Id": {
			"my-own.1",
		},
		"Traceparent": {"00-1-1-01"},
		"Upgrade":     nil,
		"Connection":  nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestRequestsRejectedByProxy checks that the proxy rejects the paths of operators, and requests that are
// too large for nodes.
func TestRequestsRejectedByProxy(t *testing.T) {
	t.Parallel()
	node := startRecorder(t, false)
	url := startProxy(t, "", node.addr)
	for _, path := range []string{
		"/metrics", "/metrics?x", "/readyz", "//readyz", "/%72eadyz", "/x/../metrics", "/./readyz#x", "/debug/pprof/", "/debug/pprof/heap",
	} {
		a := ask(t, http.DefaultClient, http.MethodGet, url+path, nil)
		if a.is(http.StatusNotFound) != nil || !strings.Contains(a.body, `"NOT_FOUND"`) {
			t.Errorf("%s: %+v", path, a)
		}
	}
	size, err := strconv.Atoi(directive(t, "client_max_body_size"))
	if err != nil {
		t.Fatal(err)
	}
	a := ask(t, http.DefaultClient, http.MethodPost, url+"/graphql", make([]byte, size+1))
	if a.is(http.StatusRequestEntityTooLarge) != nil ||
		!strings.Contains(a.body, `"BAD_USER_INPUT"`) {
		t.Errorf("too much: %+v", a)
	}
	header := []string{
		"A",
		strings.Repeat("a", 13<<10),
		"B",
		strings.Repeat("b", 13<<10),
		"C",
		strings.Repeat("c", 13<<10),
	}
	if err := ask(
		t,
		http.DefaultClient,
		http.MethodGet,
		url+"/graphql",
		nil,
		header...).is(http.StatusBadRequest); err != nil {
		t.Errorf("long headers: %v", err)
	}
	if seen := node.asked(); len(seen) > 0 {
		t.Errorf("a node is asked for %s", seen[0].URL)
	}
	if err := ask(
		t,
		http.DefaultClient,
		http.MethodPost,
		url+"/graphql",
		make([]byte, size),
	).is(http.StatusOK); err != nil {
		t.Error("the largest body: ", err)
	}
	if err := ask(
		t,
		http.DefaultClient,
		http.MethodGet,
		url+"/graphql",
		nil,
		"Authorization",
		strings.Repeat("t", 8<<10),
	).is(http.StatusOK); err != nil {
		t.Error("the longest token: ", err)
	}
	if err := ask(
		t,
		http.DefaultClient,
		http.MethodGet,
		url+"/healthz",
		nil,
	).is(http.StatusOK); err != nil {
		t.Error(err)
	}
}

// TestPostIsNotRepeated checks that the proxy does not repeat a POST when a node closes the
// connection, since the node may have executed it.
func TestPostIsNotRepeated(t *testing.T) {
	t.Parallel()
	bad, other := startRecorder(t, true), startRecorder(t, true)
	url := startProxy(t, "", bad.addr, other.addr)
	post := ask(t, http.DefaultClient, http.MethodPost, url+"/graphql", []byte("{}"))
	if n := len(bad.asked()) + len(other.asked()); n != 1 {
		t.Errorf("a POST was sent %d times", n)
	}
	if post.is(http.StatusBadGateway) != nil ||
		post.header.Get("Content-Type") != "application/json" ||
		!strings.Contains(post.body, `{"code":"UNAVAILABLE","safeToRetry":false}`) {
		t.Errorf("a POST is answered %+v", post)
	}
	get := ask(t, http.DefaultClient, http.MethodGet, url+"/graphql", nil)
	if a, b := len(bad.asked()), len(other.asked()); a != 1 || b != 1 {
		t.Errorf("a GET was sent %d and %d times", a, b)
	}
	if get.is(http.StatusBadGateway) != nil ||
		!strings.Contains(get.body, `{"code":"UNAVAILABLE"}`) {
		t.Errorf("a GET is answered %+v", get)
	}
}

// TestUnreachableNodeIsSkipped checks that requests that could not reach a node go to the other one,
// and that the proxy soon stops trying.
func TestUnreachableNodeIsSkipped(t *testing.T) {
	t.Parallel()
	node, away := startRecorder(t, false), freeAddr(t)
	url := startProxy(t, "", away, node.addr)
	for range 10 {
		if err := ask(
			t,
			http.DefaultClient,
			http.MethodPost,
			url+"/graphql",
			[]byte("{}"),
		).is(http.StatusOK); err != nil {
			t.Fatal(err)
		}
	}
	back := startRecorderAt(t, away, false)
	for range 10 {
		if err := ask(
			t,
			http.DefaultClient,
			http.MethodPost,
			url+"/graphql",
			[]byte("{}"),
		).is(http.StatusOK); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(back.asked()); n > 0 {
		t.Errorf("the node was tried again %d times", n)
	}
}
