package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/internal/web"
)

// FuzzRequest: the response to any request is a GraphQL response with a matching status. The inputs
// do not call the resolvers that panic or wait, so that a panic is always a bug.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ body, contentType, accept, query string }{
		{`{"query":"{ me }"}`, "application/json", "application/json", ""},
		{`{"query":"query($n:Int){echo(n:$n)}","variables":{"n":1.5e3},"operationName":""}`, "application/json; charset=utf-8", "*/*;q=0.1", ""},
		{`[{"query":"{ me }"}]`, "text/plain", "text/html", "query={me}"},
		{`{"query":"subscription{count}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`, "", "", "variables={}&query=%7B"},
		{`{"query":"query($l:[Int!],$i:ID){echo(list:$l,id:$i)}","variables":{"l":[null,"1",{}],"i":1.0}}`, "application/json", "application/*", "a;b"},
		{`{"query":"{me}","variables":{"a":"\ud83d\ude00\ud800\\u"}}`, "application/json", "", ""},
		{`{"query":"{...@defer{me}}"}`, "application/json", "application/graphql-response+json;q=0.5,*/*", "%"},
	} {
		f.Add(seed.body, seed.contentType, seed.accept, seed.query)
	}
	schema := newTestSchema()
	server := web.New(newGraphQL(schema), schema.start, testVerifier{}, web.Config{})
	f.Fuzz(func(t *testing.T, body, contentType, accept, query string) {
		if strings.Contains(body, "panics") || strings.Contains(query, "panics") ||
			strings.Contains(body, "waits") || strings.Contains(query, "waits") {
			t.Skip("fields that panic or wait")
		}
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			r := httptest.NewRequestWithContext(
				t.Context(),
				method,
				"/graphql",
				strings.NewReader(body),
			)
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)

			switch w.Code {
			case 200, 400, 405, 406, 413, 415:
			default:
				t.Errorf("%s: status %d: %s", method, w.Code, w.Body)
			}
			var response struct {
				Errors []struct {
					Message    string         `json:"message"`
					Extensions map[string]any `json:"extensions"`
				} `json:"errors"`
				Data json.RawMessage `json:"data"`
			}
			if err := json.Unmarshal(
				w.Body.Bytes(),
				&response,
			); err != nil ||
				!utf8.Valid(w.Body.Bytes()) {
				t.Fatalf("%s: no JSON: %v: %q", method, err, w.Body)
			}
			if response.Data == nil &&
				(len(response.Errors) == 0 || response.Errors[0].Extensions["code"] == nil) {
				t.Errorf("%s: neither data nor an error with a code: %s", method, w.Body)
			}
		}
	})
}
