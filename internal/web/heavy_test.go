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

// holding is an extension that holds the documents of heavy requests until release is closed.
type holding struct {
	begun   chan struct{}
	release chan struct{}
}

func (holding) ExtensionName() string { return "holding" }

func (holding) Validate(graphql.ExecutableSchema) error { return nil }

func (h holding) MutateOperationParameters(
	_ context.Context, params *graphql.RawParams,
) *gqlerror.Error {
	if len(params.Query) > 16<<10 {
		h.begun <- struct{}{}
		<-h.release
	}
	return nil
}

// holdingOlder are older interfaces that hold large messages in the same way.
type holdingOlder struct{ holding }

func (holdingOlder) ServeHTTP(http.ResponseWriter, *http.Request) {}

func (holdingOlder) Paths() []string { return nil }

func (holdingOlder) Refuse(w http.ResponseWriter, _ *http.Request, status int, _ string) {
	w.WriteHeader(status)
}

func (o holdingOlder) Talk(ctx context.Context, message []byte) []byte {
	_ = o.MutateOperationParameters(ctx, &graphql.RawParams{Query: string(message)})
	return []byte(`{"type":"answer"}`)
}

func (holdingOlder) Complain(string) []byte { return []byte(`{"type":"complaint"}`) }

// newHoldingServer returns a server with a [holding], and what releases it.
func newHoldingServer(t *testing.T) (*testServer, holding, func()) {
	t.Helper()
	h := holding{begun: make(chan struct{}, 100), release: make(chan struct{})}
	schema := newTestSchema()
	gql := newGraphQL(schema)
	gql.Use(h)
	server := web.New(gql, schema.start, testVerifier{}, web.Config{
		Older:   holdingOlder{h},
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

// TestHeavyRequests: of large requests a few are decoded, parsed and validated at a time, by HTTP and
// on WebSockets. Those of one user, or of one address without a token, are refused beyond a number;
// small requests do not wait.
func TestHeavyRequests(t *testing.T) {
	t.Parallel()
	ts, h, release := newHoldingServer(t)
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
	// 16 of each wait, and one at most is admitted: the others are refused.
	var refused int
	for deadline := time.After(5 * time.Second); refused < len(headers)*(each-16-1); refused++ {
		select {
		case status := <-statuses:
			if status != http.StatusTooManyRequests {
				t.Fatalf("a large request: %d", status)
			}
		case <-deadline:
			t.Fatalf("%d are refused", refused)
		}
	}
	for range 5 {
		if a := ts.post(t, "{ me }", as("bob")); a.StatusCode != http.StatusOK {
			t.Errorf("a small request: %d %s", a.StatusCode, a.body)
		}
	}
	if n := len(h.begun); n > 0 {
		t.Errorf("%d large requests run beside %d others", n, slots)
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

// TestHeavyMessages: large messages of WebSockets are decoded, parsed and validated in turn, too,
// also those of one socket.
func TestHeavyMessages(t *testing.T) {
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
			ts, h, release := newHoldingServer(t)
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
				t.Errorf("more than %d large messages are worked on at a time", slots)
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
