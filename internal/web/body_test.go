package web_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/web"
)

// TestAnonymousBody: the body of an anonymous request may be a document and a small margin.
func TestAnonymousBody(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	body := func(size int) string {
		b := `{"query":"{ __typename }"}`
		return b + strings.Repeat(" ", size-len(b))
	}
	for _, test := range []struct {
		size   int
		header []string
		want   int
	}{
		{80 << 10, nil, http.StatusOK},
		{80<<10 + 1, nil, http.StatusRequestEntityTooLarge},
		{1 << 20, []string{as("ann")}, http.StatusOK},
		{1<<20 + 1, []string{as("ann")}, http.StatusRequestEntityTooLarge},
	} {
		header := append([]string{jsonBody}, test.header...)
		if a := ts.do(
			t,
			http.MethodPost,
			"/graphql",
			body(test.size),
			header...); a.StatusCode != test.want {
			t.Errorf("%d bytes, %q: %d %s", test.size, test.header, a.StatusCode, a.body)
		}
		if status := ts.chunked(t, body(test.size), header...); status != test.want {
			t.Errorf("%d bytes in chunks, %q: %d", test.size, test.header, status)
		}
	}
	ts.waitForMemory(t, "requests", isZero)
}

// chunked posts a body without a Content-Length, and returns the status.
func (ts *testServer) chunked(t *testing.T, body string, header ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		ts.URL+"/graphql",
		io.MultiReader(strings.NewReader(body)),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	res, err := ts.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// begin sends the head of a request with a Content-Length, without its body.
func (ts *testServer) begin(t *testing.T, size int, header ...string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(
		conn,
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\nContent-Length: %d\r\n\r\n",
		strings.Join(header, "\r\n"),
		size,
	)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestDeclaredBodies: a body reserves memory as it arrives. Requests with a large Content-Length
// and no body do not cause other requests to be refused.
func TestDeclaredBodies(t *testing.T) {
	t.Parallel()
	const size, n = 200_000, 100
	ts := newServer(
		t,
		web.Config{Limits: web.Limits{RequestBytes: 16 << 20, Body: size, Read: 2 * time.Second}},
	)
	for i := range n {
		ts.begin(
			t,
			size,
			as(fmt.Sprintf("user-%d", i)),
			fmt.Sprintf("X-Forwarded-For: 10.0.1.%d", i),
		)
	}
	ts.waitForMemory(t, "requests", func(bytes int64) bool { return bytes > 0 })
	large := `{"query":"{ me }"}` + strings.Repeat(" ", size/2)
	for range 3 {
		if a := ts.do(
			t,
			http.MethodPost,
			"/graphql",
			large,
			jsonBody,
			as("bob"),
		); a.data["me"] != "bob" {
			t.Errorf("another user: %d %s", a.StatusCode, a.body)
		}
	}
	if got := ts.web.Memory()["requests"].Stats(); got.Reserved > n*16<<10 || got.Refused > 0 {
		t.Errorf("%+v", got)
	}
	ts.waitForMemory(t, "requests", isZero)
}

// TestSlowBodies: the memory of bodies is reserved before they are read. One user, or the anonymous
// clients, leave enough memory for others.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, header string
		size         int
		memory       int64
	}{
		{"of a user", as("ann"), 200_000, 16 << 20},
		{"without a token", "X-Forwarded-For: 10.0.0.1", 80_000, 16 << 20},
		{"without a token, small ones", "X-Forwarded-For: 10.0.0.1", 8_000, 4 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ts := newServer(
				t,
				web.Config{
					Limits: web.Limits{
						RequestBytes: test.memory,
						Body:         200_000,
						Read:         2 * time.Second,
					},
				},
			)
			var answers sync.WaitGroup
			statuses := make(chan string, 200)
			most := []byte(strings.Repeat(" ", test.size-1))
			for range cap(statuses) {
				conn := ts.begin(t, test.size, test.header)
				_, _ = conn.Write(most) // fails if the server has refused the request
				answers.Go(func() {
					answer := make([]byte, len("HTTP/1.1 429"))
					_, _ = io.ReadFull(conn, answer)
					statuses <- string(answer)
				})
			}
			budget := ts.web.Memory()["requests"]
			deadline := time.Now().Add(10 * time.Second)
			for budget.Stats().Refused == 0 && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			got := budget.Stats()
			if got.Refused == 0 || got.Reserved > got.Limit*3/4+1<<20 {
				t.Errorf("%+v", got)
			}
			large := `{"query":"{ me }"}` + strings.Repeat(" ", 100_000)
			for range 3 {
				if a := ts.do(
					t,
					http.MethodPost,
					"/graphql",
					large,
					jsonBody,
					as("bob"),
					"X-Forwarded-For: 10.0.0.2",
				); a.data["me"] != "bob" {
					t.Errorf("another user: %d %s", a.StatusCode, a.body)
				}
				if a := ts.post(
					t,
					"{ __typename }",
					"X-Forwarded-For: 10.0.0.3",
				); test.size > 8<<10 &&
					a.StatusCode != http.StatusOK {
					t.Errorf("a small request without a token: %d %s", a.StatusCode, a.body)
				}
			}
			answers.Wait()
			close(statuses)
			count := map[string]int{}
			for status := range statuses {
				count[status]++
			}
			if count["HTTP/1.1 429"] == 0 || count["HTTP/1.1 408"] == 0 ||
				count["HTTP/1.1 429"]+count["HTTP/1.1 408"]+count[""] != 200 {
				t.Errorf("%v", count)
			}
			ts.waitForMemory(t, "requests", isZero)
		})
	}
}

// TestUnknownMembersAreNotDecoded: unknown members of requests and messages are not decoded.
func TestUnknownMembersAreNotDecoded(t *testing.T) {
	bomb := `[` + strings.Repeat(`{"":0},`, 140_000) + `0]`
	ts := newServer(t, web.Config{})
	allocated := func(do func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, body := range map[string]string{
		"an unknown member":  `{"query":"{ me }","junk":` + bomb + `}`,
		"extensions":         `{"query":"{ me }","extensions":{"junk":` + bomb + `}}`,
		"an unknown id":      `{"query":"{ me }","x":{"id":` + bomb + `}}`,
		"an array":           bomb,
		"the operation name": `{"query":"{ me }","operationName":` + bomb + `}`,
	} {
		if n := allocated(
			func() { ts.do(t, http.MethodPost, "/graphql", body, jsonBody, as("ann")) },
		); n > 12<<20 {
			t.Errorf("%s: %d bytes are allocated", name, n)
		}
	}
	pings := allocated(func() {
		c := ts.connect(t, as("ann"))
		c.init()
		c.send(`{"type":"ping","junk":` + bomb + `}`)
		c.expect("pong")
		c.send(`{"type":"ping","payload":{"junk":` + bomb[:7*1000+1] + `0]}}`)
		if m, err := c.next(); err != nil || m.Type != "pong" {
			t.Fatalf("%v %v", m, err)
		}
		c.send(`{"type":"ping","payload":{"junk":` + bomb + `}}`)
		c.expectClose(1009)
		c = ts.connect(t)
		c.send(`{"type":"connection_init","payload":{"x":"` + strings.Repeat("x", 17<<10) + `"}}`)
		c.expectClose(1009)
		c = ts.connect(t)
		c.send(`{"type":"connection_init","payload":` + bomb[:66<<10])
		c.expectClose(1009)
	})
	if pings > 24<<20 {
		t.Errorf("pings: %d bytes are allocated", pings)
	}
	query := url.Values{
		"query": {"{ me }"},
		"junk":  {strings.Repeat("[", 1000)},
	}.Encode() + strings.Repeat(
		"&a",
		5000,
	)
	if a := ts.do(t, http.MethodGet, "/graphql?"+query, ""); a.StatusCode != http.StatusOK {
		t.Errorf("a long query string: %d %s", a.StatusCode, a.body)
	}
}

// deadlines is a response writer that records the read deadlines, as the time from now.
type deadlines struct {
	*httptest.ResponseRecorder
	all []time.Duration
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.all = append(d.all, time.Until(at))
	return nil
}

// TestBodyRate: a client has half of the time for a body at first, and more as the body arrives.
func TestBodyRate(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, test := range []struct {
		size, parts int
		last        time.Duration
	}{
		{100, 1, 5 * time.Second},
		{128 << 10, 5, 7 * time.Second},
		{512 << 10, 7, 10 * time.Second},
	} {
		const query = `{"query":"{ me }"}`
		body := query + strings.Repeat(" ", test.size-len(query))
		r := httptest.NewRequestWithContext(
			t.Context(), http.MethodPost, "/graphql", strings.NewReader(body),
		)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer bob")
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		ts.web.ServeHTTP(w, r)
		if w.Code != http.StatusOK || len(w.all) != test.parts {
			t.Errorf("%d bytes: %d %s, in %d parts", test.size, w.Code, w.Body, len(w.all))
			continue
		}
		last := w.all[test.parts-1]
		if last > test.last+time.Second/100 || last < test.last-time.Second {
			t.Errorf("%d bytes: %v, want %v", test.size, last, test.last)
		}
	}
}
