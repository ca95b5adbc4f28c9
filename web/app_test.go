package assets

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestApp: the page at every path, since it knows itself what a path stands for; its files for ever; nothing from elsewhere.
func TestApp(t *testing.T) {
	srv := httptest.NewServer(App(AppConfig{SignIn: true}))
	t.Cleanup(srv.Close)
	for _, path := range []string{"/app", "/app/", "/app/discover", "/app/rooms/8e4d7516-1ee7-47d2-9387-438de3db37b9"} {
		page := fetch(t, srv, http.MethodGet, path, nil)
		if page.status != http.StatusOK || !strings.Contains(string(page.body), `data-config="{&#34;signIn&#34;:true}"`) {
			t.Errorf("%s: %d %s", path, page.status, page.body)
		}
		if got := page.header.Get("Content-Security-Policy"); got != appPolicy {
			t.Errorf("%s: policy %q", path, got)
		}
		if got := page.header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: cached as %q", path, got)
		}
	}
	files, err := loadApp(AppConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for path := range files {
		if path == "/app" {
			continue
		}
		file := fetch(t, srv, http.MethodGet, path, nil)
		if file.status != http.StatusOK || !strings.Contains(file.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, cached as %q", path, file.status, file.header.Get("Cache-Control"))
		}
		page := fetch(t, srv, http.MethodGet, "/app", nil)
		if !strings.Contains(string(page.body), path) {
			t.Errorf("the page has no use for %s", path)
		}
	}
	if missing := fetch(t, srv, http.MethodGet, "/app/assets/nothing.js", nil); missing.status != http.StatusNotFound {
		t.Errorf("a file that is not there: %d", missing.status)
	}
	if posted := fetch(t, srv, http.MethodPost, "/app", nil); posted.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", posted.status)
	}
}
