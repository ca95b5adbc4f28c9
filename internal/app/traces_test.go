package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

// sink is an OpenTelemetry collector that records what it receives.
type sink struct {
	url string

	mu    sync.Mutex
	spans []*spans.Span
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var told collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &told)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, of := range told.ResourceSpans {
			if !strings.Contains(of.Resource.String(), `"service.name"`) ||
				!strings.Contains(of.Resource.String(), `"parley"`) {
				t.Errorf("told by %v", of.Resource)
			}
			for _, in := range of.ScopeSpans {
				s.spans = append(s.spans, in.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// find returns the spans of a name.
func (s *sink) find(name string) (found []*spans.Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range s.spans {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

// below returns the spans whose parent is one.
func (s *sink) below(parent *spans.Span) (found []*spans.Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range s.spans {
		if bytes.Equal(span.ParentSpanId, parent.SpanId) &&
			bytes.Equal(span.TraceId, parent.TraceId) {
			found = append(found, span)
		}
	}
	return found
}

// attribute is one of a span's, as text.
func attribute(span *spans.Span, key string) string {
	for _, a := range span.Attributes {
		if a.Key == key {
			if a.Value.GetStringValue() != "" {
				return a.Value.GetStringValue()
			}
			return fmt.Sprint(a.Value.GetIntValue())
		}
	}
	return ""
}

// The trace and the span that a request is sent from.
const traceID, spanID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

// ask asks a server for this and that.
func ask(t *testing.T, s *testkit.Server) {
	t.Helper()
	alice := s.As("alice")
	room := alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
		Str("createRoom.room.id")
	stream := alice.Subscribe(
		`subscription hear($room: ID!) { messageAdded(roomId: $room) { seq from { nickName } } }`,
		testkit.Vars{"room": room},
	)
	stream.AwaitStart(func() string {
		return fmt.Sprint(
			alice.Do(`mutation($room: ID!) { sendMessage(input: { roomId: $room, contents: "whispered" }) { message { seq } } }`,
				testkit.Vars{"room": room}).
				Int("sendMessage.message.seq"),
		)
	}, func(data testkit.JSON) string { return fmt.Sprint(data.Int("messageAdded.seq")) })
	stream.Close()
	req, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		s.URL+"/graphql",
		strings.NewReader(
			`{"query":"query Mine { myRooms { nodes { id members { nodes { nickName } } } } }"}`,
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.Token("alice"))
	req.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
	req.Header.Set("X-Request-Id", "a-request-of-alice")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// TestTraces: a trace goes from the one who asks down to the statements, on every way in.
func TestTraces(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{
		"postgresql": testkit.MigratedPostgresURL,
		"sqlite":     func(testing.TB) string { return "sqlite::memory:" },
	} {
		t.Run(name, func(t *testing.T) {
			to := newSink(t)
			t.Run("asked", func(t *testing.T) { // at whose end the server tells the rest
				ask(
					t,
					testkit.StartOn(t, url(t), func(cfg *config.Config) { cfg.TracesURL = to.url }),
				)
			})

			asked := to.find("query myRooms")
			if len(asked) != 1 {
				t.Fatalf("%d operations", len(asked))
			}
			if got := fmt.Sprintf("%x", asked[0].TraceId); got != traceID {
				t.Errorf("the trace %s was made %s", traceID, got)
			}
			if attribute(asked[0], "graphql.operation.name") != "Mine" ||
				attribute(asked[0], "parley.outcome") != "ok" {
				t.Errorf("the operation: %v", asked[0])
			}
			var request *spans.Span
			for _, r := range to.find("POST /graphql") {
				if bytes.Equal(r.SpanId, asked[0].ParentSpanId) {
					request = r
				}
			}
			if request == nil {
				t.Fatal("the operation is in no request")
			}
			if fmt.Sprintf("%x", request.ParentSpanId) != spanID ||
				attribute(request, "http.response.status_code") != "200" ||
				attribute(request, "parley.request_id") != "a-request-of-alice" {
				t.Errorf("the request: %v", request)
			}
			statements := to.below(asked[0])
			if len(statements) < 2 {
				t.Errorf("%d statements belong to the operation", len(statements))
			}
			for _, statement := range statements {
				if text := attribute(
					statement,
					"db.query.text",
				); attribute(statement, "db.system.name") != name ||
					statement.Name != "SELECT" ||
					!strings.HasPrefix(text, "SELECT") {
					t.Errorf("a statement: %v", statement)
				}
			}
			for _, of := range []string{"mutation createRoom", "mutation sendMessage", "subscription messageAdded", "event messageAdded"} {
				found := to.find(of)
				if len(found) == 0 || attribute(found[0], "parley.outcome") != "ok" {
					t.Errorf("%s: %v", of, found)
				}
			}
			if heard := to.find("subscription messageAdded"); len(heard) > 0 &&
				(len(heard[0].ParentSpanId) != 0 || len(to.below(heard[0])) == 0 || attribute(heard[0], "graphql.operation.name") != "hear") {
				t.Errorf("the operation on a socket: %v", heard[0])
			}
			if sent := to.find(
				"mutation sendMessage",
			); len(sent) > 0 &&
				len(to.below(sent[0])) == 0 {
				t.Error("no statement belongs to a mutation")
			}
			for _, told := range to.spans {
				if strings.Contains(told.String(), "whispered") {
					t.Errorf("a span contains the contents of a message: %v", told)
				}
			}
		})
	}
}

// served has a node answer one request and end, and returns what it has logged.
func served(t *testing.T, tracesURL string) []map[string]any {
	t.Helper()
	return runNode(t, tracesURL, func(node http.Handler) {
		w := send(t, node, http.MethodGet, "/graphql?query={__typename}", "", http.Header{
			"Accept": {"application/graphql-response+json"},
		})
		if w.Code != http.StatusOK {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}).lines()
}

// runNode has a node in development mode answer requests and end, and returns its log.
func runNode(t *testing.T, tracesURL string, requests func(http.Handler)) *logSink {
	t.Helper()
	cfg := config.Defaults()
	cfg.DatabaseURL, cfg.TracesURL = "sqlite::memory:", tracesURL
	logged := &logSink{}
	a, err := app.New(
		t.Context(),
		cfg,
		slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		app.Options{},
	)
	if err != nil {
		t.Fatal(err)
	}
	requests(a.Handler())
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	return logged
}

// send sends a request to a node.
func send(
	t *testing.T, node http.Handler, method, path, body string, header http.Header,
) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(
		t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	node.ServeHTTP(w, r)
	return w
}

// TestTicketsAreSecret: neither traces nor logs contain a ticket from a URL, whether it is valid or
// not, or the token that it stands for.
func TestTicketsAreSecret(t *testing.T) {
	to := newSink(t)
	var token, ticket string
	logged := runNode(t, to.url, func(node http.Handler) {
		signIn := send(t, node, http.MethodPost, "/graphql",
			`{"query": "mutation { signIn(userId: \"alice\") { token } }"}`,
			http.Header{"Content-Type": {"application/json"}})
		var signedIn struct {
			Data struct{ SignIn struct{ Token string } }
		}
		var issued struct{ Ticket string }
		err := json.Unmarshal(signIn.Body.Bytes(), &signedIn)
		token = signedIn.Data.SignIn.Token
		if err == nil {
			w := send(t, node, http.MethodPost, "/ticket", "", http.Header{
				"Authorization": {"Bearer " + token},
			})
			err = json.Unmarshal(w.Body.Bytes(), &issued)
		}
		if ticket = issued.Ticket; err != nil || token == "" || ticket == "" {
			t.Fatalf("%v: %s", err, signIn.Body)
		}
		for _, status := range []int{http.StatusOK, http.StatusUnauthorized} {
			w := send(t, node, http.MethodGet, "/graphql?ticket="+ticket+"&query={me{id}}", "",
				http.Header{"Accept": {"text/event-stream"}})
			if w.Code != status || strings.Contains(w.Body.String(), ticket) {
				t.Errorf("%d %s, want %d", w.Code, w.Body, status)
			}
		}
	})
	if n := len(to.find("GET /graphql")); n != 2 {
		t.Errorf("%d requests are traced, want 2", n)
	}
	for _, secret := range []string{ticket, token} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("the log has %s: %s", secret, logged)
		}
		for _, span := range to.spans {
			if strings.Contains(span.String(), secret) {
				t.Errorf("a span has %s: %v", secret, span)
			}
		}
	}
	if !slices.ContainsFunc(logged.lines(), func(line map[string]any) bool {
		return line["msg"] == "request" && line["path"] == "/graphql" && line["method"] == "GET"
	}) {
		t.Errorf("the log has no request: %s", logged)
	}
}

// TestTracesInLog: what is logged says in which trace.
func TestTracesInLog(t *testing.T) {
	to := newSink(t)
	lines := served(t, to.url)
	requests := to.find("GET /graphql")
	if len(requests) != 1 {
		t.Fatalf("%d requests were told", len(requests))
	}
	trace, span := fmt.Sprintf("%x", requests[0].TraceId), fmt.Sprintf("%x", requests[0].SpanId)
	if !slices.ContainsFunc(lines, func(line map[string]any) bool {
		return line["msg"] == "request" && line["trace_id"] == trace && line["span_id"] == span
	}) {
		t.Errorf("no line says its trace: %v", lines)
	}
}

// TestTracesLost: a collector that is away holds nothing up for long, and the log says so.
func TestTracesLost(t *testing.T) {
	begun := time.Now()
	lines := served(t, "http://127.0.0.1:1")
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if !slices.ContainsFunc(
		lines,
		func(line map[string]any) bool { return line["msg"] == "cannot export traces" },
	) {
		t.Errorf("the log does not report lost traces: %v", lines)
	}
}

// logSink keeps a log while it is written.
type logSink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logSink) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logSink) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lines are those of a log in JSON.
func (l *logSink) lines() (lines []map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for decoder := json.NewDecoder(bytes.NewReader(l.text.Bytes())); ; {
		var line map[string]any
		if decoder.Decode(&line) != nil {
			return lines
		}
		lines = append(lines, line)
	}
}
