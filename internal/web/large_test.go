package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/web"
)

// blockingExtension is an extension that blocks large documents until release is closed.
type blockingExtension struct {
	begun   chan struct{}
	release chan struct{}
}

func (blockingExtension) ExtensionName() string { return "blocking" }

func (blockingExtension) Validate(graphql.ExecutableSchema) error { return nil }

func (h blockingExtension) MutateOperationParameters(
	_ context.Context, params *graphql.RawParams,
) *gqlerror.Error {
	if len(params.Query) > 16<<10 {
		h.begun <- struct{}{}
		<-h.release
	}
	return nil
}

// blockingLegacy are legacy interfaces that block large messages in the same way.
type blockingLegacy struct{ blockingExtension }

func (blockingLegacy) ServeHTTP(http.ResponseWriter, *http.Request) {}

func (blockingLegacy) Paths() []string { return nil }

func (blockingLegacy) WriteError(w http.ResponseWriter, _ *http.Request, status int, _ string) {
	w.WriteHeader(status)
}

func (o blockingLegacy) HandleMessage(ctx context.Context, message []byte) []byte {
	_ = o.MutateOperationParameters(ctx, &graphql.RawParams{Query: string(message)})
	return []byte(`{"type":"answer"}`)
}

func (blockingLegacy) ErrorMessage(string) []byte { return []byte(`{"type":"error"}`) }

// newBlockingServer returns a server with a [blockingExtension], and a function that releases it.
func newBlockingServer(t *testing.T) (*testServer, blockingExtension, func()) {
	t.Helper()
	h := blockingExtension{begun: make(chan struct{}, 100), release: make(chan struct{})}
	schema := newTestSchema()
	gql := newGraphQL(schema)
	gql.Use(h)
	server := web.New(gql, schema.start, testVerifier{}, web.Config{
		Legacy:  blockingLegacy{h},
		Proxies: web.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	})
	ts := &testServer{Server: httptest.NewServer(server), web: server, schema: schema}
	release := sync.OnceFunc(func() { close(h.release) })
	t.Cleanup(func() {
		release()
		ts.Close()
	})
	return ts, h, release
}

// TestLargeRequests: few large requests are decoded, parsed and validated at a time, by HTTP and on
// WebSockets. Each user and each anonymous address may have a limited number of waiting requests.
// Small requests do not wait.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	ts, h, release := newBlockingServer(t)
	slots := max(runtime.GOMAXPROCS(0)/2, 1)
	large := "{ me } #" + strings.Repeat("x", 20<<10)
	const each = 20
	var waiting sync.WaitGroup
	statuses := make(chan int, 100)
	headers := []string{as("ann"), "X-Forwarded-For: 10.0.0.1"}
	for _, header := range headers {
		for range each {
			waiting.Go(func() { statuses <- ts.post(t, large, header).StatusCode })
		}
	}
	socket := ts.connect(t, as("bob"))
	socket.init()
	socket.send(subscribe("large", large))
	for range slots {
		<-h.begun
	}
	// Of each user 16 requests wait, and at most one is admitted. The others are refused.
	var refused int
	for deadline := time.After(time.Minute); refused < len(headers)*(each-16-1); refused++ {
		select {
		case status := <-statuses:
			if status != http.StatusTooManyRequests {
				t.Fatalf("a large request: %d", status)
			}
		case <-deadline:
			t.Fatalf("%d requests are refused", refused)
		}
	}
	for range 5 {
		if a := ts.post(t, "{ me }", as("bob")); a.StatusCode != http.StatusOK {
			t.Errorf("a small request: %d %s", a.StatusCode, a.body)
		}
	}
	if n := len(h.begun); n > 0 {
		t.Errorf("%d large requests run besides %d others", n, slots)
	}
	release()
	socket.expect(`next large {"data":{"me":"bob"}}`, "complete large")
	waiting.Wait()
	close(statuses)
	for status := range statuses {
		if status != http.StatusOK && status != http.StatusTooManyRequests {
			t.Errorf("a large request: %d", status)
		}
	}
}

// TestLargeMessages: large WebSocket messages are decoded, parsed and validated in turn, too, also
// those of one WebSocket.
func TestLargeMessages(t *testing.T) {
	t.Parallel()
	padding := strings.Repeat("x", 20<<10)
	graphQL := []string{`{"type":"connection_init"}`}
	for _, id := range []string{"1", "2"} {
		graphQL = append(graphQL, subscribe(id, "{ me } #"+padding))
	}
	for path, messages := range map[string][]string{
		"/graphql": graphQL,
		"/ws":      {`{"x":"` + padding + `"}`, `{"x":"` + padding + `"}`},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			ts, h, release := newBlockingServer(t)
			slots := max(runtime.GOMAXPROCS(0)/2, 1)
			sockets := make([]*wsClient, slots+2)
			for i := range sockets {
				sockets[i] = ts.connectTo(t, path, as(fmt.Sprintf("user-%d", i)))
				sockets[i].send(messages...)
			}
			for range slots {
				<-h.begun
			}
			select {
			case <-h.begun:
				t.Errorf("more than %d large messages are processed at a time", slots)
			case <-time.After(200 * time.Millisecond):
			}
			release()
			for _, socket := range sockets {
				for range messages {
					if _, err := socket.next(); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
