package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"parley/internal/live"
	"parley/internal/web"
)

const acceptMultipart = "Accept: multipart/mixed;subscriptionSpec=1.0, application/json"

// streamTest is a format of event streams.
type streamTest struct {
	accept string
	// separator ends the blocks of a stream: heartbeats, results and the end.
	separator string
	kind      string
	// interrupted returns the blocks that end a stream that the server interrupts, for a code.
	interrupted func(code string) []string
}

func streamTests() map[string]streamTest {
	return map[string]streamTest{
		"server-sent events": {
			acceptEvents, "\n\n", "sse", func(string) []string { return nil },
		},
		"multipart": {
			acceptMultipart,
			"\r\n--graphql",
			"multipart",
			func(code string) []string { return []string{`"payload":null,"errors":`, code, "--\r\n"} },
		},
	}
}

// eachFormat runs a test for each format.
func eachFormat(t *testing.T, test func(t *testing.T, format streamTest)) {
	t.Parallel()
	for name, format := range streamTests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, format)
		})
	}
}

// stream is an open event stream. Each token is a block, and the last one what follows all blocks.
type stream struct {
	*bufio.Scanner
	response *http.Response
}

func (ts *testServer) stream(
	t *testing.T,
	format streamTest,
	query string,
	header ...string,
) stream {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		ts.URL+"/graphql?"+url.Values{"query": {query}}.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range append(header, format.accept) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	blocks := bufio.NewScanner(res.Body)
	blocks.Split(func(data []byte, atEOF bool) (advance int, token []byte, err error) {
		if i := bytes.Index(data, []byte(format.separator)); i >= 0 {
			return i + len(format.separator), data[:i], nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	})
	return stream{blocks, res}
}

// rest reads a stream to its end.
func (s stream) rest() string {
	var text strings.Builder
	for s.Scan() {
		text.WriteString(s.Text())
	}
	return text.String()
}

// TestMultipart: a multipart stream is one that the standard library reads, and that each of the
// Accept headers of clients selects.
func TestMultipart(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, accept := range []string{
		acceptMultipart,
		`Accept: multipart/mixed; boundary="graphql"; subscriptionSpec="1.0", application/json`,
		"Accept: multipart/mixed;boundary=graphql;subscriptionSpec=1.0," +
			"application/graphql-response+json,application/json;q=0.9",
		"Accept: application/json, multipart/mixed;subscriptionspec=1.0",
	} {
		a := ts.post(t, "subscription { count(n: 2) }", accept)
		contentType := a.Header.Get("Content-Type")
		if a.StatusCode != http.StatusOK ||
			contentType != `multipart/mixed;boundary="graphql";subscriptionSpec=1.0` ||
			a.Header.Get("X-Accel-Buffering") != "no" {
			t.Fatalf("%s: %d %v", accept, a.StatusCode, a.Header)
		}
		_, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for parts := multipart.NewReader(bytes.NewReader(a.body), params["boundary"]); ; {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q", err, a.body)
			}
			body, err := io.ReadAll(part)
			if err != nil || part.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("%v, %v in %q", part.Header, err, a.body)
			}
			got = append(got, string(body))
		}
		if want := []string{
			`{"payload":{"data":{"count":"1"}}}`, `{"payload":{"data":{"count":"2"}}}`,
		}; !slices.Equal(got, want) {
			t.Errorf("%s: the parts are %q", accept, got)
		}
	}
	for accept, status := range map[string]int{
		"multipart/mixed;deferSpec=20220824, application/json":       http.StatusBadRequest,
		"multipart/mixed;subscriptionSpec=1.0;q=0, application/json": http.StatusBadRequest,
		"text/event-stream;q=0, application/json":                    http.StatusBadRequest,
		"multipart/mixed;subscriptionSpec=2.0":                       http.StatusNotAcceptable,
		"multipart/mixed":                                            http.StatusNotAcceptable,
	} {
		a := ts.post(t, "subscription { count(n: 2) }", "Accept: "+accept)
		if a.StatusCode != status ||
			!strings.Contains(string(a.body), "multipart/mixed;subscriptionSpec=1.0") {
			t.Errorf("%s: %d %s, want %d", accept, a.StatusCode, a.body, status)
		}
	}
}

// TestMultipartRefused: an error before the start is a JSON response with its status.
func TestMultipartRefused(t *testing.T) {
	t.Parallel()
	refusing := func(code string) *testServer {
		return newServerWith(t, func(
			context.Context, *graphql.OperationContext, string,
		) (live.Subscriber, gqlerror.List) {
			return nil, gqlerror.List{{
				Message: "Not for you.", Extensions: map[string]any{"code": code},
			}}
		}, testVerifier{}, web.Config{})
	}
	ts := refusing("FORBIDDEN")
	const only = "multipart/mixed;subscriptionSpec=1.0"
	for _, test := range []struct {
		query, accept, contentType string
		status                     int
		code                       string
	}{
		{"subscription { silent }", only, "application/graphql-response+json", 403, "FORBIDDEN"},
		{"subscription { silent }", only + ", application/json", "application/json", 200, "FORBIDDEN"},
		{"subscription { none }", only, "application/graphql-response+json", 422, "GRAPHQL_VALIDATION_FAILED"},
		{"subscription {", only, "application/graphql-response+json", 400, "GRAPHQL_PARSE_FAILED"},
		{"subscription { silent }", only, "application/json", 401, "UNAUTHENTICATED"},
	} {
		header := []string{"Accept: " + test.accept}
		if test.status == http.StatusUnauthorized {
			header = append(header, as("forged"))
		}
		a := ts.post(t, test.query, header...)
		if a.StatusCode != test.status || a.code() != test.code ||
			a.Header.Get("Content-Type") != test.contentType+"; charset=utf-8" {
			t.Errorf("%+v: %d %s %s", test, a.StatusCode, a.Header.Get("Content-Type"), a.body)
		}
	}
	for _, accept := range []string{only, only + ", application/graphql-response+json"} {
		a := ts.do(t, http.MethodPost, "/graphql", "{}", jsonBody, "Accept: "+accept)
		if a.StatusCode != http.StatusUnprocessableEntity ||
			!strings.HasPrefix(a.Header.Get("Content-Type"), "application/graphql-response+json") {
			t.Errorf("%s: no query: %d %v %s", accept, a.StatusCode, a.Header, a.body)
		}
	}
	a := refusing("UNAUTHENTICATED").post(t, "subscription { silent }", "Accept: "+only)
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("no token: %d %v", a.StatusCode, a.Header)
	}
}

// failingSubscriber sends one result and then ends with an error.
type failingSubscriber struct{ pushSubscriber }

func (*failingSubscriber) Next(context.Context) ([][]byte, error) {
	return [][]byte{[]byte(`{"data":1}`)}, &gqlerror.Error{
		Message: "You have left.", Extensions: map[string]any{"code": "MEMBERSHIP_ENDED"},
	}
}

func (*failingSubscriber) Park(live.Sink) bool { return false }

// TestEventStreamError: an error that ends a stream follows its results.
func TestEventStreamError(t *testing.T) {
	eachFormat(t, func(t *testing.T, format streamTest) {
		ts := newServerWith(t, func(
			context.Context, *graphql.OperationContext, string,
		) (live.Subscriber, gqlerror.List) {
			return &failingSubscriber{}, nil
		}, testVerifier{}, web.Config{})
		const failed = `[{"message":"You have left.","extensions":{"code":"MEMBERSHIP_ENDED"}}]`
		want := ":\n\nevent: next\ndata: {\"data\":1}\n\n" +
			"event: next\ndata: {\"errors\":" + failed + "}\n\nevent: complete\ndata: \n\n"
		if format.kind == "multipart" {
			const header = "\r\n--graphql\r\nContent-Type: application/json\r\n\r\n"
			want = header + `{"payload":{"data":1}}` +
				header + `{"payload":null,"errors":` + failed + "}\r\n--graphql--\r\n"
		}
		if a := ts.post(t, "subscription { silent }", format.accept); string(a.body) != want {
			t.Errorf("the stream is %q, want %q", a.body, want)
		}
	})
}

// TestEventStreamHeartbeats: silent streams have heartbeats, and count as connections of their kind.
func TestEventStreamHeartbeats(t *testing.T) {
	eachFormat(t, func(t *testing.T, format streamTest) {
		ts := newServer(t, web.Config{Limits: web.Limits{SocketPing: 10 * time.Millisecond}})
		s := ts.stream(t, format, "subscription { silent }")
		s.Scan() // the start
		for range 3 {
			if !s.Scan() {
				t.Fatal("the stream has ended")
			}
			_, body, _ := strings.Cut(s.Text(), "\r\n\r\n")
			if text := s.Text(); text != ":" && body != "{}" {
				t.Errorf("a heartbeat is %q", text)
			}
		}
		if n := ts.web.OpenConnections()[format.kind]; n != 1 {
			t.Errorf("%d open streams, want 1", n)
		}
	})
}

// TestEventStreamEnd: no heartbeat follows the end of a stream.
func TestEventStreamEnd(t *testing.T) {
	eachFormat(t, func(t *testing.T, format streamTest) {
		ts := newServer(t, web.Config{Limits: web.Limits{SocketPing: time.Microsecond}})
		end := "event: complete\ndata: \n\n"
		if format.kind == "multipart" {
			end = "\r\n--graphql--\r\n"
		}
		for range 100 {
			a := ts.post(t, "subscription { count(n: 1) }", format.accept)
			if !bytes.HasSuffix(a.body, []byte(end)) {
				t.Fatalf("the stream ends with %q", a.body[max(0, len(a.body)-200):])
			}
		}
	})
}

// TestEventStreamSlowClient: the server closes the stream of a client that does not read.
func TestEventStreamSlowClient(t *testing.T) {
	eachFormat(t, func(t *testing.T, format streamTest) {
		ts := newServer(t, web.Config{Limits: web.Limits{Write: 100 * time.Millisecond}})
		ts.stream(t, format, "subscription { count(size: 50000) }")
		waitFor(t, "the end", ts.schema.ended)
		ts.waitForConnections(t, func(room web.ConnectionStats) bool { return room.Open == 0 })
	})
}

// TestEventStreamInterrupted: a stream that the server interrupts ends with the reason, unless it
// may be that of an EventSource, which reconnects.
func TestEventStreamInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		token, code string
		cause       func(*testServer)
	}{
		"token expires": {"brief", "UNAUTHENTICATED", func(*testServer) {}},
		"no token":      {"", "UNAUTHENTICATED", func(*testServer) {}},
		"shutdown": {"ann", "UNAVAILABLE", func(ts *testServer) {
			go func() { _ = ts.web.Shutdown(context.Background()) }() // ends with the stream
		}},
	} {
		t.Run(name, func(t *testing.T) {
			eachFormat(t, func(t *testing.T, format streamTest) {
				ts := newServer(t, web.Config{
					Limits: web.Limits{SocketAnonymous: 50 * time.Millisecond},
				})
				var header []string
				if test.token != "" {
					header = append(header, as(test.token))
				}
				s := ts.stream(t, format, "subscription { silent }", header...)
				if !s.Scan() {
					t.Fatal("the stream does not start")
				}
				test.cause(ts)
				rest := s.rest()
				want := format.interrupted(test.code)
				for _, part := range want {
					if !strings.Contains(rest, part) {
						t.Errorf("the stream ends with %q, want %q", rest, part)
					}
				}
				if want == nil && rest != "" || s.Err() != nil {
					t.Errorf("the stream ends with %q, %v", rest, s.Err())
				}
			})
		})
	}
}
