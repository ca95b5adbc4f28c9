package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/internal/web"
)

const (
	mediaGraphQL = "application/graphql-response+json"
	mediaJSON    = "application/json"

	acceptGraphQL = "Accept: " + mediaGraphQL
	acceptJSON    = "Accept: " + mediaJSON
)

// TestNegotiation follows GraphQL over HTTP, section Media Types, and RFC 9110, section 12.5.1.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for accept, want := range map[string]string{
		"":                     mediaJSON,
		"*/*":                  mediaJSON,
		"application/*":        mediaJSON,
		mediaJSON:              mediaJSON,
		mediaGraphQL:           mediaGraphQL,
		"APPLICATION/JSON":     mediaJSON,
		mediaGraphQL + ", */*": mediaGraphQL,
		mediaJSON + ", */*":    mediaJSON,
		mediaGraphQL + ", " + mediaJSON + ";q=0.9": mediaGraphQL,
		mediaJSON + ";q=0.9, " + mediaGraphQL:      mediaGraphQL,
		mediaGraphQL + ";q=0.5, " + mediaJSON:      mediaJSON,
		mediaJSON + ", " + mediaGraphQL:            mediaGraphQL,
		mediaJSON + ";q=0, */*":                    mediaGraphQL,
		mediaGraphQL + ";charset=utf-8":            mediaGraphQL,
		mediaGraphQL + ";charset=latin1, */*;q=.1": mediaJSON,
		"text/html, */*;q=0.8":                     mediaJSON,
		"garbage, " + mediaGraphQL:                 mediaGraphQL,
		"text/html":                                "",
		"image/*":                                  "",
		mediaJSON + ";q=0":                         "",
		mediaJSON + ";q=2":                         "",
		"*/*;q=0":                                  "",
		mediaJSON + ";charset=utf-16":              "",
	} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			a := ts.post(t, "{ __typename }", "Accept: "+accept)
			if want == "" {
				if a.StatusCode != http.StatusNotAcceptable || a.code() != "BAD_USER_INPUT" {
					t.Fatalf("%d %s; want 406 BAD_USER_INPUT", a.StatusCode, a.body)
				}
				return
			}
			if got := a.Header.Get(
				"Content-Type",
			); a.StatusCode != http.StatusOK ||
				got != want+"; charset=utf-8" {
				t.Fatalf("%d %q; want 200 %q", a.StatusCode, got, want)
			}
			if got := strings.Join(a.Header.Values("Vary"), ","); !strings.Contains(got, "Accept") {
				t.Errorf("Vary = %q: caches must not mix the two types", got)
			}
		})
	}
}

// TestStatus follows GraphQL over HTTP, section Status Codes: requests that are not GraphQL
// requests are refused with the same status for both media types. Errors of an operation show in
// the status of application/graphql-response+json only.
func TestStatus(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	query := func(q string) string { return fmt.Sprintf(`{"query":%q}`, q) }
	for name, test := range map[string]struct {
		body        string
		json        int
		graphQL     int
		code, field string
	}{
		"valid":                     {query("{ __typename }"), 200, 200, "", ""},
		"partial result":            {query("{ fails __typename }"), 200, 294, "", ""},
		"null result":               {query("{ failsHard }"), 200, 294, "", ""},
		"mutation":                  {query("mutation { touch }"), 200, 200, "", ""},
		"named operation":           {`{"query":"query A{me} query B{me}","operationName":"B"}`, 200, 200, "", ""},
		"nulls":                     {`{"query":"{me}","operationName":null,"variables":null,"extensions":null}`, 200, 200, "", ""},
		"unknown member":            {`{"query":"{me}","also":1}`, 200, 200, "", ""},
		"leading space":             {" \r\n\t" + query("{ me }") + " \n", 200, 200, "", ""},
		"syntax":                    {query("{"), 200, 400, "GRAPHQL_PARSE_FAILED", ""},
		"unknown field":             {query("{ nothing }"), 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"unknown operation":         {`{"query":"query A{me}","operationName":"B"}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"ambiguous operation":       {query("query A{me} query B{me}"), 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"variable of another type":  {`{"query":"query($n:Int){echo(n:$n)}","variables":{"n":"x"}}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"fraction for Int":          {`{"query":"query($n:Int){echo(n:$n)}","variables":{"n":1.5}}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"number for String":         {`{"query":"query($t:String){echo(text:$t)}","variables":{"t":5}}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"missing variable":          {`{"query":"query($n:Int!){echo(n:$n)}"}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"too costly":                {query("{" + strings.Repeat(" nested{", 120) + "me" + strings.Repeat("}", 121)), 200, 400, "TOO_COMPLEX", ""},
		"unknown hash":              {`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}`, 200, 400, "PERSISTED_QUERY_NOT_FOUND", ""},
		"wrong hash":                {`{"query":"{me}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}`, 200, 422, "BAD_USER_INPUT", "extensions"},
		"hash of version 2":         {`{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"00"}}}`, 200, 422, "BAD_USER_INPUT", "extensions"},
		"malformed persistedQuery":  {`{"query":"{me}","extensions":{"persistedQuery":7}}`, 200, 422, "BAD_USER_INPUT", "extensions"},
		"document too long":         {query("{ me }" + strings.Repeat(" ", 64<<10-5)), 200, 400, "TOO_COMPLEX", ""},
		"too long to be parsed":     {query(strings.Repeat("{", 64<<10+1)), 200, 400, "TOO_COMPLEX", ""},
		"as long as allowed":        {query("{ me }" + strings.Repeat(" ", 64<<10-6)), 200, 200, "", ""},
		"long variables":            {`{"query":"query($t:String){echo(text:$t)}","variables":{"t":"` + strings.Repeat("x", 64<<10) + `"}}`, 200, 200, "", ""},
		"panic":                     {query("{ panics }"), 500, 500, "INTERNAL", ""},
		"subscription":              {query("subscription { count }"), 400, 400, "BAD_USER_INPUT", "query"},
		"no body":                   {"", 400, 400, "BAD_USER_INPUT", ""},
		"no JSON":                   {`{"query`, 400, 400, "BAD_USER_INPUT", ""},
		"trailing data":             {query("{me}") + "}", 400, 400, "BAD_USER_INPUT", ""},
		"null":                      {"null", 400, 400, "BAD_USER_INPUT", ""},
		"many variables":            {`{"query":"{me}","variables":{"a":0` + strings.Repeat(`,"x":0`, 1000) + `}}`, 400, 422, "BAD_USER_INPUT", "variables"},
		"byte order mark":           {"\ufeff" + query("{ me }"), 200, 200, "", ""},
		"many extensions":           {`{"query":"{me}","extensions":{"x":[` + strings.Repeat("{},", 5000) + `1]}}`, 200, 200, "", ""},
		"large extensions":          {`{"query":"{me}","extensions":{"x":[` + strings.Repeat("{},", 6000) + `1]}}`, 400, 422, "BAD_USER_INPUT", "extensions"},
		"deep extensions":           {`{"query":"{me}","extensions":{"x":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}}`, 400, 422, "BAD_USER_INPUT", "extensions"},
		"a string":                  {`"{me}"`, 400, 400, "BAD_USER_INPUT", ""},
		"batch":                     {"[" + query("{me}") + "]", 400, 400, "BAD_USER_INPUT", ""},
		"not UTF-8":                 {"{\"query\":\"{me}\xff\"}", 400, 400, "BAD_USER_INPUT", ""},
		"half a pair in the query":  {`{"query":"{me} #\ud800"}`, 400, 422, "BAD_USER_INPUT", "query"},
		"half a pair in a variable": {`{"query":"{me}","variables":{"a":["\uDBFF\uD800"]}}`, 400, 422, "BAD_USER_INPUT", "variables"},
		"second half alone":         {`{"query":"{me}","variables":{"\uDfff":1}}`, 400, 422, "BAD_USER_INPUT", "variables"},
		"whole pair":                {`{"query":"{me}","variables":{"a":"\ud83d\ude00 \\ud800 \u00e9"}}`, 200, 200, "", ""},
		"invalid id":                {`{"documentId":7}`, 400, 422, "BAD_USER_INPUT", "documentId"},
		"invalid third id":          {`{"documentId":null,"doc_id":"","id":{}}`, 400, 422, "BAD_USER_INPUT", "id"},
		"ignored ids":               {`{"query":"{me}","id":7,"documentId":[]}`, 200, 200, "", ""},
		"no id":                     {`{"id":null,"query":""}`, 400, 422, "BAD_USER_INPUT", "query"},
		"query missing":             {`{"variables":{}}`, 400, 422, "BAD_USER_INPUT", "query"},
		"query in capitals":         {`{"QUERY":"{me}"}`, 400, 422, "BAD_USER_INPUT", "query"},
		"query is no string":        {`{"query":{}}`, 400, 422, "BAD_USER_INPUT", "query"},
		"operationName no string":   {`{"query":"{me}","operationName":1}`, 400, 422, "BAD_USER_INPUT", "operationName"},
		"variables no object":       {`{"query":"{me}","variables":[1]}`, 400, 422, "BAD_USER_INPUT", "variables"},
		"variables a string":        {`{"query":"{me}","variables":"{}"}`, 400, 422, "BAD_USER_INPUT", "variables"},
		"number out of range":       {`{"query":"query($n:Int){echo(n:$n)}","variables":{"n":1e999}}`, 200, 422, "GRAPHQL_VALIDATION_FAILED", ""},
		"extensions no object":      {`{"query":"{me}","extensions":false}`, 400, 422, "BAD_USER_INPUT", "extensions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for accept, want := range map[string]int{acceptJSON: test.json, acceptGraphQL: test.graphQL} {
				a := ts.do(t, http.MethodPost, "/graphql", test.body, jsonBody, accept)
				if a.StatusCode != want {
					t.Errorf("%s: status %d, want %d: %s", accept, a.StatusCode, want, a.body)
				}
				if !strings.HasPrefix(
					a.Header.Get("Content-Type"),
					strings.TrimPrefix(accept, "Accept: "),
				) {
					t.Errorf("%s: answered with %s", accept, a.Header.Get("Content-Type"))
				}
				if test.code == "" {
					if !a.isData {
						t.Errorf("%s: no data: %s", accept, a.body)
					}
					continue
				}
				if a.isData {
					t.Errorf("%s: data although nothing was executed: %s", accept, a.body)
				}
				if a.code() != test.code {
					t.Errorf("%s: code %q, want %q: %s", accept, a.code(), test.code, a.body)
					continue
				}
				if field, _ := a.errors[0].Extensions["field"].(string); field != test.field {
					t.Errorf("%s: field %q, want %q", accept, field, test.field)
				}
				if a.errors[0].Message == "" {
					t.Errorf("%s: no message", accept)
				}
			}
		})
	}
}

func TestPanicSaysNothing(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	a := ts.post(t, "{ panics }", "X-Request-Id: r-1")
	if strings.Contains(string(a.body), "secret") || a.errors[0].Extensions["requestId"] != "r-1" {
		t.Errorf("%s; want the request id without the cause", a.body)
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for contentType, want := range map[string]int{
		mediaJSON:                            200,
		"Application/JSON":                   200,
		mediaJSON + "; charset=utf-8":        200,
		mediaJSON + "; charset=\"UTF-8\"":    200,
		mediaJSON + "; charset=iso-8859-1":   415,
		mediaJSON + ";;":                     415,
		"":                                   415,
		"text/plain":                         415, // a page may send these three without a preflight
		"application/x-www-form-urlencoded":  415,
		"multipart/form-data; boundary=x":    415,
		"application/graphql":                415,
		"text/plain, application/json":       415,
		"text/plain; a=application/json":     415,
		"application/graphql-response+json ": 415,
	} {
		a := ts.do(
			t,
			http.MethodPost,
			"/graphql",
			`{"query":"{ me }"}`,
			"Content-Type: "+contentType,
		)
		if a.StatusCode != want || want != 200 && a.code() != "BAD_USER_INPUT" {
			t.Errorf("%q: %d %s; want %d", contentType, a.StatusCode, a.body, want)
		}
	}
	a := ts.do(
		t,
		http.MethodPost,
		"/graphql",
		`{"query":"{ me }"}`,
		jsonBody,
		"Content-Encoding: gzip",
	)
	if a.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("gzip: %d, want 415", a.StatusCode)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, method := range []string{"PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"} {
		a := ts.do(t, method, "/graphql", "")
		if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, POST" {
			t.Errorf(
				"%s: %d, Allow %q; want 405 and GET, POST",
				method,
				a.StatusCode,
				a.Header.Get("Allow"),
			)
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for name, test := range map[string]struct {
		query  string
		status int
		code   string
	}{
		"query":            {"query=" + url.QueryEscape("{ me }"), 200, ""},
		"variables":        {"query=" + url.QueryEscape("query Q($n:Int){echo(n:$n)}") + "&operationName=Q&variables=" + url.QueryEscape(`{"n":1}`), 200, ""},
		"empty parameters": {"query=" + url.QueryEscape("{ me }") + "&operationName=&variables=&extensions=", 200, ""},
		"nothing":          {"", 422, "BAD_USER_INPUT"},
		"bad escape":       {"query=%zz", 400, "BAD_USER_INPUT"},
		"not UTF-8":        {"query=%ff", 422, "BAD_USER_INPUT"},
		"bad variables":    {"query=" + url.QueryEscape("{ me }") + "&variables=x", 422, "BAD_USER_INPUT"},
		"half a pair":      {"query=" + url.QueryEscape("{ me }") + "&variables=" + url.QueryEscape(`{"a":"\ud800"}`), 422, "BAD_USER_INPUT"},
		"too long":         {"query=" + url.QueryEscape("{ me }") + strings.Repeat("+", 64<<10), 400, "TOO_COMPLEX"},
		"two objects":      {"query=" + url.QueryEscape("{ me }") + "&variables=" + url.QueryEscape("{}{}"), 422, "BAD_USER_INPUT"},
		"mutation":         {"query=" + url.QueryEscape("mutation { touch }"), 405, "BAD_USER_INPUT"},
		"subscription":     {"query=" + url.QueryEscape("subscription { count }"), 400, "BAD_USER_INPUT"},
	} {
		a := ts.do(t, http.MethodGet, "/graphql?"+test.query, "", acceptGraphQL)
		if a.StatusCode != test.status || a.code() != test.code {
			t.Errorf("%s: %d %s; want %d %s", name, a.StatusCode, a.body, test.status, test.code)
		}
		if test.status == 405 && a.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q, want POST", name, a.Header.Get("Allow"))
		}
	}
}

// TestUpgrade: only an upgrade to a WebSocket is accepted. The server ignores others (RFC 9110,
// section 7.8).
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, test := range []struct {
		method, upgrade string
		accepted        bool // as a WebSocket handshake, which fails without a key
	}{
		{"GET", "h2c", false},
		{"POST", "h2c", false},
		{"GET", "TLS/1.0, h2c", false},
		{"GET", "websockets", false},
		{"POST", "websocket", false},
		{"GET", "websocket", true},
		{"GET", "WebSocket", true},
		{"GET", "h2c, websocket", true},
	} {
		path, body := "/graphql?query=%7Bme%7D", ""
		if test.method == http.MethodPost {
			body = `{"query":"{me}"}`
		}
		a := ts.do(
			t,
			test.method,
			path,
			body,
			jsonBody,
			"Connection: Upgrade",
			"Upgrade: "+test.upgrade,
		)
		if (a.StatusCode != http.StatusOK) != test.accepted {
			t.Errorf(
				"%s with Upgrade: %s: %d %s; want a WebSocket %v",
				test.method,
				test.upgrade,
				a.StatusCode,
				a.body,
				test.accepted,
			)
		}
	}
}

// TestNumbers: whole numbers reach operations as integers in every notation.
func TestNumbers(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for value, want := range map[string]string{
		"7":          "int64 7",
		"-7":         "int64 -7",
		"7.0":        "int64 7",
		"7e2":        "int64 700",
		"2147483647": "int64 2147483647",
	} {
		a := ts.do(
			t,
			http.MethodPost,
			"/graphql",
			`{"query":"query($n:Int){echo(n:$n)}","variables":{"n":`+value+`}}`,
			jsonBody,
		)
		if a.data["echo"] != want {
			t.Errorf("%s: %s; want %s", value, a.body, want)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{Body: 100}})
	body := func(size int) string {
		b := `{"query":"{ me }"}`
		return b + strings.Repeat(" ", size-len(b))
	}
	if a := ts.do(
		t,
		http.MethodPost,
		"/graphql",
		body(100),
		jsonBody,
	); a.StatusCode != http.StatusOK {
		t.Errorf("the largest body: %d %s", a.StatusCode, a.body)
	}
	if a := ts.do(
		t,
		http.MethodPost,
		"/graphql",
		body(101),
		jsonBody,
	); a.StatusCode != http.StatusRequestEntityTooLarge ||
		a.code() != "BAD_USER_INPUT" {
		t.Errorf("one byte larger: %d %s; want 413", a.StatusCode, a.body)
	}
}

func TestPersistedQuery(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	const query = "{ __typename }"
	sum := sha256.Sum256([]byte(query))
	extensions := `{"persistedQuery":{"version":1,"sha256Hash":"` + hex.EncodeToString(
		sum[:],
	) + `"}}`
	get := func() response {
		return ts.do(t, http.MethodGet, "/graphql?extensions="+url.QueryEscape(extensions), "")
	}
	if a := get(); a.code() != "PERSISTED_QUERY_NOT_FOUND" {
		t.Fatalf("at first: %s", a.body)
	}
	a := ts.do(
		t,
		http.MethodPost,
		"/graphql",
		`{"query":"`+query+`","extensions":`+extensions+`}`,
		jsonBody,
	)
	if a.data["__typename"] != "Query" {
		t.Fatalf("with the query: %s", a.body)
	}
	if a := get(); a.data["__typename"] != "Query" {
		t.Fatalf("by its hash: %s", a.body)
	}
}

// TestTimeLimit: the time limit of an operation is independent of the shorter write timeout.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	ts := newServer(t, web.Config{Limits: web.Limits{Read: limit / 5, Operation: limit}})
	start := time.Now()
	a := ts.post(t, "{ waits }")
	if a.StatusCode != http.StatusOK || len(a.errors) != 1 || !a.isData {
		t.Errorf("%d %s; want the resolver's error", a.StatusCode, a.body)
	}
	if took := time.Since(start); took < limit {
		t.Errorf("ended after %v, before the limit of %v", took, limit)
	}
}

// TestSlowBody: a client that does not finish its request is disconnected.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{Limits: web.Limits{Read: 50 * time.Millisecond}})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ts.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(
		conn,
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	)
	if err == nil {
		err = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // until the server closes the connection
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("%q %v; want 408 and the end", answer, err)
	}
}

// TestRefusalsDoNotEcho: refusals do not repeat input, which may be a misplaced secret.
func TestRefusalsDoNotEcho(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, body := range []string{`{"query":"{me}" hunter2`, `hunter2`, `{"query":["hunter2"]}`, `{"query":"{me}","variables":"hunter2"}`} {
		if a := ts.do(
			t,
			http.MethodPost,
			"/graphql",
			body,
			jsonBody,
		); strings.Contains(
			string(a.body),
			"hunter2",
		) {
			t.Errorf("%s: echoed in %s", body, a.body)
		}
	}
}

// TestJSONOrEvents: some clients accept events and JSON for all operations. Only subscriptions are
// answered by events.
func TestJSONOrEvents(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for name, test := range map[string]struct{ query, accept, want string }{
		"query":                      {"{ me }", "application/graphql-response+json, application/json, text/event-stream", "application/graphql-response+json; charset=utf-8"},
		"query, JSON":                {"{ me }", "text/event-stream, application/json", "application/json; charset=utf-8"},
		"mutation":                   {"mutation { touch }", "text/event-stream, application/json", "application/json; charset=utf-8"},
		"mistake":                    {"{", "text/event-stream, application/json", "application/json; charset=utf-8"},
		"query, events alone":        {"{ me }", "text/event-stream", "text/event-stream"},
		"subscription":               {"subscription { count(n: 1) }", "application/json, text/event-stream", "text/event-stream"},
		"subscription, events alone": {"subscription { count(n: 1) }", "text/event-stream", "text/event-stream"},
		"mistake, with events alone": {"{", "text/event-stream", "application/graphql-response+json; charset=utf-8"},
		"query, or parts":            {"{ me }", "multipart/mixed;subscriptionSpec=1.0, application/json", "application/json; charset=utf-8"},
		"subscription, in both":      {"subscription { count(n: 1) }", "multipart/mixed;subscriptionSpec=1.0, text/event-stream", "text/event-stream"},
	} {
		a := ts.post(t, test.query, "Accept: "+test.accept)
		if got := a.Header.Get("Content-Type"); got != test.want {
			t.Errorf("%s: %s, want %s: %s", name, got, test.want, a.body)
		}
	}
}
