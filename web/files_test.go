package webassets

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// frontend is one of the two frontends, as served.
type frontend struct {
	name    string // of its folder in dist
	handler func(PageConfig) http.Handler
	page    string
	prefix  string // of its files' paths
	policy  string
	// hashed matches the names of files that may be cached for ever.
	hashed *regexp.Regexp
}

var frontends = []frontend{
	{
		"playground",
		Playground,
		"/",
		"/playground/",
		playgroundPolicy,
		regexp.MustCompile(`^/playground/[a-z.]+-[0-9A-Za-z]{8}\.[a-z]+$`),
	},
	{
		"app",
		App,
		"/app",
		"/app/",
		appPolicy,
		regexp.MustCompile(`^/app/assets/[a-z]+-[-_0-9A-Za-z]{8}\.[a-z]+$`),
	},
}

// each runs test for both frontends, each on its own server.
func each(t *testing.T, cfg PageConfig, test func(t *testing.T, f frontend, srv *httptest.Server)) {
	t.Helper()
	for _, f := range frontends {
		t.Run(f.name, func(t *testing.T) {
			srv := httptest.NewServer(f.handler(cfg))
			t.Cleanup(srv.Close)
			test(t, f, srv)
		})
	}
}

func TestEveryFileIsServed(t *testing.T) {
	each(t, PageConfig{Endpoint: "/graphql", SignIn: true}, testEveryFile)
}

func testEveryFile(t *testing.T, f frontend, srv *httptest.Server) {
	bundle, err := loadBundle(f.name, f.prefix, f.policy, PageConfig{})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]int)
	for _, name := range append(slices.Collect(maps.Keys(bundle.files)), f.page) {
		plain := fetch(t, srv, http.MethodGet, name, nil)
		if plain.status != http.StatusOK || plain.header.Get("Content-Encoding") != "" {
			t.Errorf(
				"GET %s: status %d, encoding %q",
				name,
				plain.status,
				plain.header.Get("Content-Encoding"),
			)
		}
		zipped := fetch(
			t,
			srv,
			http.MethodGet,
			name,
			http.Header{"Accept-Encoding": {"br, gzip;q=0.8"}},
		)
		if got := zipped.header.Get("Content-Encoding"); got != "gzip" {
			t.Errorf("GET %s, accepting gzip: encoding %q", name, got)
		}
		if !bytes.Equal(unzip(t, zipped.body), plain.body) {
			t.Errorf("GET %s: the compressed and the plain body differ", name)
		}
		if plain.header.Get("ETag") == zipped.header.Get("ETag") {
			t.Errorf("GET %s: two encodings share the tag %s", name, plain.header.Get("ETag"))
		}

		wantType, wantCache := wantHeaders(f, name)
		seen[wantType]++
		for header, want := range map[string]string{
			"Content-Type":            wantType,
			"Cache-Control":           wantCache,
			"Content-Security-Policy": f.policy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Vary":                    "Accept-Encoding",
		} {
			if got := plain.header.Get(header); got != want {
				t.Errorf("GET %s: %s is %q, want %q", name, header, got, want)
			}
		}

		head := fetch(t, srv, http.MethodHead, name, nil)
		if head.status != http.StatusOK || len(head.body) != 0 ||
			head.header.Get("ETag") != plain.header.Get("ETag") {
			t.Errorf(
				"HEAD %s: status %d, %d bytes, tag %s",
				name,
				head.status,
				len(head.body),
				head.header.Get("ETag"),
			)
		}

		again := fetch(
			t,
			srv,
			http.MethodGet,
			name,
			http.Header{"If-None-Match": {`"other", ` + plain.header.Get("ETag")}},
		)
		if again.status != http.StatusNotModified {
			t.Errorf("GET %s with its own tag: status %d", name, again.status)
		}
	}
	for _, contentType := range []string{"text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"} {
		if seen[contentType] == 0 {
			t.Errorf("no file of type %s", contentType)
		}
	}
}

// wantHeaders returns the Content-Type and Cache-Control of a file.
func wantHeaders(f frontend, name string) (contentType, cacheControl string) {
	if name == f.page {
		return "text/html; charset=utf-8", "no-cache"
	}
	immutable := "public, max-age=31536000, immutable"
	switch name[strings.LastIndex(name, "."):] {
	case ".js":
		return "text/javascript; charset=utf-8", immutable
	case ".css":
		return "text/css; charset=utf-8", immutable
	case ".ttf":
		return "font/ttf", immutable
	case ".svg":
		return "image/svg+xml", immutable
	default:
		return "text/plain; charset=utf-8", immutable
	}
}

// All files that the page names must be served here, under a name that may be cached for ever.
func TestAPageNamesOnlyItsOwnFiles(t *testing.T) {
	each(t, PageConfig{Endpoint: "/graphql"}, testReferences)
}

func testReferences(t *testing.T, f frontend, srv *httptest.Server) {
	page := fetch(t, srv, http.MethodGet, f.page, nil).body

	references := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllSubmatch(page, -1)
	if len(references) < 3 {
		t.Fatalf("want a script, a style sheet and an icon, got %q in\n%s", references, page)
	}
	for _, reference := range references {
		name := string(reference[1])
		if !f.hashed.MatchString(name) {
			t.Errorf("the page names %q", name)
		}
		if got := fetch(t, srv, http.MethodGet, name, nil).status; got != http.StatusOK {
			t.Errorf("GET %s: status %d", name, got)
		}
	}
	for _, forbidden := range []string{"http:", "https:", `="//`, "{{", "<style", "onload="} {
		if bytes.Contains(page, []byte(forbidden)) {
			t.Errorf("the page contains %q:\n%s", forbidden, page)
		}
	}
	if bytes.Contains(page, []byte("<script>")) {
		t.Errorf("the page has an inline script, which its policy forbids:\n%s", page)
	}
}

func TestAPageCarriesItsConfig(t *testing.T) {
	for _, want := range []PageConfig{
		{Endpoint: "/graphql", SignIn: true},
		{Endpoint: "/graphql", SignIn: false},
		{Endpoint: `/a"><script>'&amp;`, SignIn: true},
	} {
		each(
			t,
			want,
			func(t *testing.T, f frontend, srv *httptest.Server) { testConfig(t, f, srv, want) },
		)
	}
}

func testConfig(t *testing.T, f frontend, srv *httptest.Server, want PageConfig) {
	page := fetch(t, srv, http.MethodGet, f.page, nil).body
	match := regexp.MustCompile(`<meta name="parley-config" content="([^"]*)">`).FindSubmatch(page)
	if match == nil {
		t.Fatalf("no parley-config in\n%s", page)
	}
	var got PageConfig
	if err := json.Unmarshal([]byte(html.UnescapeString(string(match[1]))), &got); err != nil {
		t.Fatalf("parse parley-config %s: %v", match[1], err)
	}
	if got != want {
		t.Errorf("the page's config is %+v, want %+v", got, want)
	}
}

func TestTheRestIsRefused(t *testing.T) {
	for _, test := range []struct {
		frontend     string
		method, path string
		want         int
	}{
		{"playground", http.MethodGet, "/index.html", http.StatusNotFound},
		{"playground", http.MethodGet, "/playground", http.StatusNotFound},
		{"playground", http.MethodGet, "/playground/", http.StatusNotFound},
		{"playground", http.MethodGet, "/playground/index.html", http.StatusNotFound},
		{"playground", http.MethodGet, "/playground/unknown.js", http.StatusNotFound},
		{"playground", http.MethodGet, "/playground/../assets.go", http.StatusNotFound},
		{"playground", http.MethodPost, "/unknown", http.StatusNotFound},
		{"playground", http.MethodPost, "/", http.StatusMethodNotAllowed},
		{"playground", http.MethodDelete, "/", http.StatusMethodNotAllowed},
		{"app", http.MethodGet, "/", http.StatusNotFound},
		{"app", http.MethodGet, "/application", http.StatusNotFound},
		{"app", http.MethodGet, "/app/assets/", http.StatusNotFound},
		{"app", http.MethodGet, "/app/assets/unknown.js", http.StatusNotFound},
		{"app", http.MethodPost, "/app/rooms/1", http.StatusMethodNotAllowed},
	} {
		i := slices.IndexFunc(frontends, func(f frontend) bool { return f.name == test.frontend })
		srv := httptest.NewServer(frontends[i].handler(PageConfig{Endpoint: "/graphql"}))
		got := fetch(t, srv, test.method, test.path, nil)
		if got.status != test.want {
			t.Errorf("%s %s: status %d, want %d", test.method, test.path, got.status, test.want)
		}
		if test.want == http.StatusMethodNotAllowed && got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", test.method, test.path, got.header.Get("Allow"))
		}
		srv.Close()
	}
}

// The app routes in the browser: every path is the same page.
func TestTheAppHasDeepLinks(t *testing.T) {
	srv := httptest.NewServer(App(PageConfig{Endpoint: "/graphql"}))
	defer srv.Close()
	page := fetch(t, srv, http.MethodGet, "/app", nil)
	for _, path := range []string{"/app/", "/app/rooms/0198c5a4-3c1e-7000-8000-000000000000", "/app/discover", "/app/join", "/app/index.html"} {
		got := fetch(t, srv, http.MethodGet, path, nil)
		if got.status != http.StatusOK || !bytes.Equal(got.body, page.body) ||
			got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf(
				"GET %s: status %d, Cache-Control %q, the page: %t",
				path,
				got.status,
				got.header.Get("Cache-Control"),
				bytes.Equal(got.body, page.body),
			)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"":                       false,
		"gzip":                   true,
		"GZIP":                   true,
		"deflate, gzip, br":      true,
		"gzip;q=0.001":           true,
		"gzip ; Q=1.0":           true,
		"gzip;q=0":               false,
		"gzip;q=0.000, identity": false,
		"*":                      true,
		"*;q=0":                  false,
		"*, gzip;q=0":            false,
		"*;q=0, gzip":            true,
		"gzip;q=x":               false,
		"br, identity":           false,
		"x-gzipped":              false,
	} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("acceptsGzip(%q) = %t, want %t", header, got, want)
		}
	}
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// fetch sends one request, without the Accept-Encoding that Go's client adds.
func fetch(t *testing.T, srv *httptest.Server, method, path string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	response, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(
		request,
	)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: body}
}

func unzip(t *testing.T, zipped []byte) []byte {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	contents, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	return contents
}
