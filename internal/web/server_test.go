package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/internal/reqid"
	"parley/internal/web"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	playground := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/playground/missing.js" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		_, _ = io.WriteString(w, "playground "+r.URL.Path)
	})
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app/assets/missing.js" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "app "+r.URL.Path)
	})
	ts := newServer(t, web.Config{SDL: testSDL, Playground: playground, App: app})
	for _, test := range []struct {
		method, path string
		status       int
		body         string // a part of the body
	}{
		{"GET", "/", 200, "playground /"},
		{"GET", "/playground/", 200, "playground /playground/"},
		{"GET", "/playground/main.js", 200, "playground /playground/main.js"},
		{"GET", "/playground/missing.js", 404, "NOT_FOUND"},
		{"POST", "/", 405, "BAD_USER_INPUT"},
		{"GET", "/app", 200, "app /app"},
		{"GET", "/app/rooms/1", 200, "app /app/rooms/1"},
		{"GET", "/app/assets/missing.js", 404, "NOT_FOUND"},
		{"POST", "/app/rooms/1", 405, "BAD_USER_INPUT"},
		{"GET", "/application", 404, "NOT_FOUND"},
		{"GET", "/schema.graphql", 200, "type Query {"},
		{"DELETE", "/schema.graphql", 405, "BAD_USER_INPUT"},
		{"GET", "/healthz", 200, "ok"},
		{"HEAD", "/healthz", 200, ""},
		{"POST", "/healthz", 405, "BAD_USER_INPUT"},
		{"GET", "/readyz", 200, `{"status":"ready"}`},
		{"GET", "/nothing", 404, "NOT_FOUND"},
		{"POST", "/graphql/", 404, "NOT_FOUND"},
	} {
		a := ts.do(t, test.method, test.path, "")
		if a.StatusCode != test.status || !strings.Contains(string(a.body), test.body) {
			t.Errorf(
				"%s %s: %d %s; want %d %s",
				test.method,
				test.path,
				a.StatusCode,
				a.body,
				test.status,
				test.body,
			)
		}
		if test.status == 404 && a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %s, want JSON", test.path, a.Header.Get("Content-Type"))
		}
	}
	if got := ts.do(
		t,
		"GET",
		"/",
		"",
	).Header.Get(
		"Content-Security-Policy",
	); got != "default-src 'self'" {
		t.Errorf("the playground's policy is %q, want its own", got)
	}
	etag := ts.do(t, "GET", "/schema.graphql", "").Header.Get("ETag")
	if a := ts.do(
		t,
		"GET",
		"/schema.graphql",
		"",
		"If-None-Match: "+etag,
	); a.StatusCode != http.StatusNotModified {
		t.Errorf("the schema again: %d, want 304", a.StatusCode)
	}

	bare := newServer(t, web.Config{})
	for _, path := range []string{"/", "/playground/", "/app", "/app/", "/schema.graphql"} {
		if a := bare.do(t, "GET", path, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s without a handler: %d, want 404", path, a.StatusCode)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for _, path := range []string{"/graphql", "/healthz", "/nothing"} {
		a := ts.do(t, "GET", path, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"X-Frame-Options":         "DENY",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-store",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check  func(context.Context) error
		status int
	}{
		"reachable":   {func(context.Context) error { return nil }, 200},
		"unreachable": {func(context.Context) error { return errors.New("dial tcp 10.0.0.7:5432: refused") }, 503},
		"silent": {func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts := newServer(
				t,
				web.Config{Ready: test.check, Limits: web.Limits{Ready: 10 * time.Millisecond}},
			)
			a := ts.do(t, "GET", "/readyz", "")
			if a.StatusCode != test.status || strings.Contains(string(a.body), "10.0.0.7") {
				t.Errorf(
					"%d %s; want %d and nothing of the cause",
					a.StatusCode,
					a.body,
					test.status,
				)
			}
			if err := ts.web.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a := ts.do(t, "GET", "/readyz", ""); a.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("/readyz while the server stops: %d, want 503", a.StatusCode)
			}
			if a := ts.do(t, "GET", "/healthz", ""); a.StatusCode != http.StatusOK {
				t.Errorf("/healthz while the server stops: %d, want 200", a.StatusCode)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	for header, test := range map[string]struct {
		status int
		code   string
		me     any
	}{
		"":                   {200, "", nil},
		"Bearer ann":         {200, "", "ann"},
		"bearer bob":         {200, "", "bob"},
		"Bearer forged":      {401, "UNAUTHENTICATED", nil},
		"Bearer":             {401, "UNAUTHENTICATED", nil},
		"Basic YW5uOg==":     {401, "UNAUTHENTICATED", nil},
		"ann":                {401, "UNAUTHENTICATED", nil},
		"Bearer unavailable": {503, "UNAVAILABLE", nil},
		"Bearer toosoon":     {503, "UNAVAILABLE", nil},
	} {
		a := ts.post(t, "{ me }", "Authorization: "+header)
		if a.StatusCode != test.status || a.code() != test.code || a.data["me"] != test.me {
			t.Errorf(
				"%q: %d %s; want %d %s %v",
				header,
				a.StatusCode,
				a.body,
				test.status,
				test.code,
				test.me,
			)
		}
		if test.status == 401 &&
			a.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("%q: WWW-Authenticate %q", header, a.Header.Get("WWW-Authenticate"))
		}
	}
	if a := ts.post(
		t,
		"{ me }",
		"Authorization: Bearer toosoon",
	); a.Header.Get(
		"Retry-After",
	) != "7" ||
		a.errors[0].Extensions["retryAfterMs"] != 7000.0 {
		t.Errorf(
			"an unknown key: Retry-After %q, %s; want 7 s",
			a.Header.Get("Retry-After"),
			a.body,
		)
	}
	// A token in a URL would be in the logs of every proxy.
	if a := ts.do(
		t,
		"GET",
		"/graphql?query=%7Bme%7D&access_token=ann&authorization=Bearer+ann",
		"",
	); a.data["me"] != nil {
		t.Errorf("a token in the URL was accepted: %s", a.body)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	ts := newServer(t, web.Config{})
	if a := ts.post(
		t,
		"{ requestId }",
		"X-Request-Id: trace-1",
	); a.Header.Get("X-Request-Id") != "trace-1" ||
		a.data["requestId"] != "trace-1" {
		t.Errorf("valid id: %q %s", a.Header.Get("X-Request-Id"), a.body)
	}
	for _, header := range []string{"X-Request-Id: ", "X-Request-Id: a b", "X-Request-Id: " + strings.Repeat("x", 129)} {
		a := ts.post(t, "{ requestId }", header)
		id := a.Header.Get("X-Request-Id")
		if len(id) < 20 || strings.HasSuffix(header, id) || a.data["requestId"] != id {
			t.Errorf("%.30q: %q %s; want a new one", header, id, a.body)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	listed := web.Config{
		AllowedOrigins: []string{"https://Chat.example.com", "http://other.example.com:8080"},
	}
	for name, test := range map[string]struct {
		cfg    web.Config
		origin string
		want   bool
	}{
		"listed":                       {listed, "https://chat.example.com", true},
		"listed with a port":           {listed, "http://other.example.com:8080", true},
		"listed with another port":     {listed, "http://other.example.com:8081", false},
		"listed with another scheme":   {listed, "http://chat.example.com", false},
		"below a listed one":           {listed, "https://evil.chat.example.com", false},
		"beginning like a listed one":  {listed, "https://chat.example.com.evil.com", false},
		"null":                         {listed, "null", false},
		"none listed":                  {web.Config{}, "https://chat.example.com", false},
		"all":                          {web.Config{AllowedOrigins: []string{"*"}}, "https://evil.com", true},
		"loopback in development":      {web.Config{Development: true}, "http://localhost:3000", true},
		"loopback address":             {web.Config{Development: true}, "http://[::1]:5173", true},
		"loopback out of development":  {web.Config{}, "http://localhost:3000", false},
		"another in development":       {web.Config{Development: true}, "https://evil.com", false},
		"like loopback in development": {web.Config{Development: true}, "http://localhost.evil.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts := newServer(t, test.cfg)
			preflight := ts.do(
				t,
				"OPTIONS",
				"/graphql",
				"",
				"Origin: "+test.origin,
				"Access-Control-Request-Method: POST",
				"Access-Control-Request-Headers: authorization,content-type",
			)
			if got := preflight.Header.Get("Access-Control-Allow-Origin") != ""; got != test.want {
				t.Errorf("preflight of %s: allowed %v, want %v", test.origin, got, test.want)
			}
			if test.want &&
				preflight.Header.Get(
					"Access-Control-Allow-Headers",
				) != "authorization,content-type" {
				t.Errorf(
					"allowed headers: %q",
					preflight.Header.Get("Access-Control-Allow-Headers"),
				)
			}
			// Refusals are readable, too: a page must see that its token has expired.
			a := ts.post(t, "{ me }", "Origin: "+test.origin, "Authorization: Bearer forged")
			if got := a.Header.Get("Access-Control-Allow-Origin") != ""; got != test.want {
				t.Errorf("response to %s: readable %v, want %v", test.origin, got, test.want)
			}
			if a.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
		})
	}
}

func TestDevelopmentHost(t *testing.T) {
	t.Parallel()
	development, production := newServer(
		t,
		web.Config{Development: true},
	), newServer(
		t,
		web.Config{},
	)
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST.:1": true, "chat.localhost": true,
		"127.0.0.1:8080": true, "127.1.2.3": true, "[::1]:8080": true, "[::1]": true,
		"evil.com": false, "evil.com:8080": false, "localhost.evil.com": false, "notlocalhost": false,
		"192.168.1.10:8080": false, "0.0.0.0:8080": false, "[fe80::1]": false,
	} {
		for _, path := range []string{"/graphql?query=%7Bme%7D", "/healthz"} {
			a := development.do(t, "GET", path, "", "Host: "+host)
			if got := a.StatusCode == http.StatusOK; got != want ||
				!want &&
					(a.StatusCode != http.StatusMisdirectedRequest || a.code() != "FORBIDDEN") {
				t.Errorf("%s %s: %d %s; want answered %v", host, path, a.StatusCode, a.body, want)
			}
			if a := production.do(
				t,
				"GET",
				path,
				"",
				"Host: "+host,
			); a.StatusCode != http.StatusOK {
				t.Errorf("%s %s out of development: %d", host, path, a.StatusCode)
			}
		}
	}
}

func TestDevelopmentRefusesForwardedRequests(t *testing.T) {
	t.Parallel()
	development, production := newServer(
		t,
		web.Config{Development: true},
	), newServer(
		t,
		web.Config{},
	)
	for header, local := range map[string]bool{
		"X-Forwarded-For: 203.0.113.9":                          false,
		"X-Forwarded-For: 127.0.0.1, 203.0.113.9":               false,
		"X-Forwarded-For: unknown":                              false,
		"X-Real-IP: 2001:db8::1":                                false,
		"X-Forwarded-Host: chat.example.com":                    false,
		"CF-Connecting-IP: 203.0.113.9":                         false,
		"Via: 1.1 proxy":                                        false,
		"X-Forwarded-Server: proxy.example.com":                 false,
		"X-Forwarded-User: alice":                               false,
		"X-Original-Forwarded-For: 203.0.113.9":                 false,
		"Forwarded-For: 203.0.113.9":                            false,
		"X-Envoy-External-Address: 203.0.113.9":                 false,
		"X-Envoy-Expected-Rq-Timeout-Ms: 15000":                 false,
		"Ngrok-Trace-Id: 4f5c":                                  false,
		"Cf-Ray: 8f1b2c-VIE":                                    false,
		"Cdn-Loop: cloudflare":                                  false,
		"X-Azure-ClientIP: 203.0.113.9":                         false,
		"X-ProxyUser-IP: 203.0.113.9":                           false,
		"X-Remote-Addr: 203.0.113.9":                            false,
		"X-Original-Host: chat.example.com":                     false,
		"Forwarded: for=203.0.113.9":                            false,
		`Forwarded: for=127.0.0.1;proto=https, for="[2001::1]"`: false,
		"Forwarded: for=127.0.0.1;host=chat.example.com":        false,
		"Forwarded: for=_hidden":                                false,
		// The proxies of the development servers of frontends.
		"X-Forwarded-For: 127.0.0.1":                 true,
		"X-Forwarded-For: ::ffff:127.0.0.1":          true,
		"X-Forwarded-Host: localhost:3000":           true,
		"X-Forwarded-Proto: http":                    true,
		"X-Forwarded-Port: 3000":                     true,
		"X-Forwarded-Server: localhost":              true,
		"X-Real-IP: 127.0.0.1":                       true,
		"X-Requested-With: XMLHttpRequest":           true,
		`Forwarded: for="[::1]:4711";host=localhost`: true,
	} {
		a := development.post(t, "{ me }", header)
		if got := a.StatusCode == http.StatusOK; got != local ||
			!local && (a.StatusCode != http.StatusForbidden || a.code() != "FORBIDDEN" ||
				!strings.Contains(a.errors[0].Message, "PARLEY_JWT_SECRET")) {
			t.Errorf("%s: %d %s; want answered %v", header, a.StatusCode, a.body, local)
		}
		if a := production.post(t, "{ me }", header); a.StatusCode != http.StatusOK {
			t.Errorf("%s out of development: %d", header, a.StatusCode)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(
		reqid.Logs(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
	)
	ts := newServer(t, web.Config{Logger: log})
	ts.do(
		t,
		"GET",
		"/graphql?query=%7Bme%7D&variables=%7B%22secret%22%3A1%7D",
		"",
		"X-Request-Id: one",
		"Authorization: Bearer ann-secret",
	)
	ts.post(t, "{ panics }", "X-Request-Id: two")
	ts.Close() // waits for the handlers

	got := out.String()
	if strings.Contains(strings.ReplaceAll(got, "secret inside of the server", ""), "secret") {
		t.Errorf("input of the client is in the log: %s", got)
	}
	for _, want := range []string{
		`"level":"DEBUG","msg":"request","request_id":"one","method":"GET","path":"/graphql","status":401`,
		`"level":"ERROR","msg":"panic","request_id":"two"`,
		`"level":"INFO","msg":"request","request_id":"two","method":"POST","path":"/graphql","status":500`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not in the log: %s\n%s", want, got)
		}
	}
}

// TestPanicInResponse: after a panic in its middle, a response does not look complete.
func TestPanicInResponse(t *testing.T) {
	t.Parallel()
	ts := newServer(
		t,
		web.Config{Playground: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("in the middle")
		})},
	)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := ts.Client().Do(r)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err == nil {
		t.Error("the response looks complete")
	}
}

// TestEndpointInBrowser: a browser that opens the endpoint gets the playground, and clients do not.
func TestEndpointInBrowser(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
	with := newServer(t, web.Config{Playground: http.NotFoundHandler()})
	without := newServer(t, web.Config{})
	for _, ts := range []*testServer{with, without} {
		ts.Client().CheckRedirect = func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}
	}
	for _, test := range []struct {
		ts                   *testServer
		method, path, accept string
		status               int
	}{
		{with, "GET", "/graphql", browser, http.StatusFound},
		{with, "GET", "/graphql?", "text/html", http.StatusFound},
		{with, "GET", "/graphql?query=%7Bme%7D", browser, http.StatusOK},
		{with, "GET", "/graphql", "text/html;q=0.9, application/json", http.StatusBadRequest},
		{with, "GET", "/graphql", "text/html, application/graphql-response+json", http.StatusUnprocessableEntity},
		{with, "GET", "/graphql", "text/*", http.StatusNotAcceptable},
		{with, "GET", "/graphql", "*/*", http.StatusBadRequest},
		{with, "POST", "/graphql", browser, http.StatusUnsupportedMediaType},
		{without, "GET", "/graphql", browser, http.StatusBadRequest},
	} {
		a := test.ts.do(t, test.method, test.path, "", "Accept: "+test.accept)
		if a.StatusCode != test.status {
			t.Errorf(
				"%s %s, %s: %d, want %d",
				test.method,
				test.path,
				test.accept,
				a.StatusCode,
				test.status,
			)
		}
		if location := a.Header.Get(
			"Location",
		); test.status == http.StatusFound &&
			location != "/" {
			t.Errorf("redirected to %q, want the playground", location)
		}
	}
}
