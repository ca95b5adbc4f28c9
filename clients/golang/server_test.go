// Package clients_test runs client libraries for Go against a server, with the calls of their
// documentation: see docs/frontends.md. The tests of the folder above run it.
package clients_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

//go:generate go tool genqlient

// server is the server under test, and the [http.RoundTripper] that sends the token of a user.
type server struct{ http, ws, token string }

// fromEnvironment returns the server that the tests of the folder above have started.
func fromEnvironment(t *testing.T) server {
	t.Helper()
	url := os.Getenv("PARLEY_TEST_URL")
	if url == "" {
		t.Skip("no PARLEY_TEST_URL: go test ./clients in the repository's root sets it")
	}
	ws := "ws" + strings.TrimPrefix(url, "http")
	return server{url + "/graphql", ws + "/graphql", os.Getenv("PARLEY_TEST_TOKEN")}
}

// RoundTrip implements [http.RoundTripper].
func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token)
	return http.DefaultTransport.RoundTrip(r)
}
