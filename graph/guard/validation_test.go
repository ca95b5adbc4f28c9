package guard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"parley/graph"
	"parley/graph/guard"
	"parley/internal/testkit"
)

// expensive are documents that cost more to validate than to send, each as long as it may be.
func expensive() map[string]string {
	tower := func(n int, open, inside, end string) string {
		return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
	}
	var spreads, fragments, chain, operations strings.Builder
	for i := range 150 {
		fmt.Fprintf(&chain, "fragment f%d on User{...f%d}", i, i+1)
	}
	for i := range 145 {
		fmt.Fprintf(&spreads, "...s%d ", i)
		fmt.Fprintf(&fragments, "fragment s%d on User{id nickName}", i)
	}
	for i := range 100 {
		fmt.Fprintf(&operations, "query q%d{me{...f}}", i)
	}
	return map[string]string{
		"one field":             "{me{" + strings.Repeat("id ", 1490) + "}}",
		"one alias":             "{me{" + strings.Repeat("a:id ", 490) + "}}",
		"one field with fields": "{" + strings.Repeat("me{id}", 370) + "}",
		"inline fragments in each other": "{me{" + tower(
			300,
			"...{",
			strings.Repeat("id ", 150),
			"}",
		) + "}}",
		"an inline fragment below fragments": "{me{...f0}}" + chain.String() +
			"fragment f150 on User{...{" + strings.Repeat("id ", 190) + "}}",
		"fragments beside each other": "{me{" + spreads.String() + "}}" + fragments.String(),
		"a fragment that operations share": operations.String() + "fragment f on User{" + strings.Repeat(
			"id ",
			250,
		) + "}",
		"fields in a row of fragments": "{me{...f0}}" + chain.String() + "fragment f150 on User{" + strings.Repeat(
			"id ",
			240,
		) + "}",
	}
}

func TestExpensiveDocumentsAreRefused(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	for name, query := range expensive() {
		if e := s.With("").
			Refused("TOO_COMPLEX", query, nil); !strings.Contains(
			e.Message,
			"validating",
		) {
			t.Errorf("%s: %s", name, e.Message)
		}
	}
}

// BenchmarkDocuments measures what it costs to refuse a document, over HTTP but for the network.
func BenchmarkDocuments(b *testing.B) {
	h := graph.New(
		nil,
		nil,
		graph.Options{Limits: guard.Limits{Depth: 15, Cost: 10_000, Aliases: 200}},
	)
	h.AddTransport(transport.POST{})
	for name, query := range expensive() {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req := httptest.NewRequestWithContext(
					b.Context(),
					http.MethodPost,
					"/graphql",
					strings.NewReader(string(body)),
				)
				req.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				b.ReportMetric(float64(w.Body.Len()), "answer-bytes")
			}
		})
	}
}

// TestUsualDocumentsAreAccepted sends documents as people and their tools write them.
func TestUsualDocumentsAreAccepted(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	alice := s.As("alice")

	// As client libraries put them together: a fragment for each part of a screen, which all ask
	// for the id.
	var spreads, fragments strings.Builder
	for i := range 60 {
		fmt.Fprintf(&spreads, "...Part%d ", i)
		fmt.Fprintf(
			&fragments,
			"fragment Part%d on Room{__typename id creator{__typename id nickName}}",
			i,
		)
	}
	alice.Do("query Screen{myRooms{nodes{"+spreads.String()+"}}}"+fragments.String(), nil)

	// A file of operations, of which one is run.
	reply := alice.Post(
		[]byte(
			`{"operationName": "B", "query": "query A{me{...P}} query B{me{...P}} fragment P on User{id ...Q} fragment Q on User{nickName}"}`,
		),
		"application/json",
	)
	if reply.Code() != "" || reply.Data.Str("me.id") != "alice" {
		t.Errorf("operation B: %+v", reply)
	}
	e := alice.Refused(
		"GRAPHQL_VALIDATION_FAILED",
		`{ me { ...P } } fragment P on User { id ...Q } fragment Q on User { ...P }`,
		nil,
	)
	if !strings.Contains(e.Message, "recursive") {
		t.Errorf("of a recursive fragment it is said: %s", e.Message)
	}
}
