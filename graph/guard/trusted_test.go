package guard_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"parley/graph"
	"parley/graph/guard"
	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
)

// The documents that the tests' servers answer. The last has two operations.
const (
	trustedMe     = `query Me { me { ...Who } } fragment Who on User { id }`
	trustedRooms  = "query Rooms($first: Int) {\n  rooms(first: $first) { nodes { id } }\n}"
	trustedFollow = `subscription Follow($roomId: ID!) { roomEvents(roomId: $roomId) { __typename seq } }`
	trustedTwo    = `query Id { me { id } } query Name { me { nickName } }`
	trustedRename = `mutation Rename { updateProfile(input: { nickName: "Al" }) { user { nickName } } }`
)

// manifest is the documents by their ids, as graphql-codegen and Relay write them.
func manifest(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"me":     trustedMe,
		"rooms":  trustedRooms,
		"follow": trustedFollow,
		"two":    trustedTwo,
		"rename": trustedRename,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// trusting has a server answer the documents of a manifest only.
func trusting(t *testing.T, manifest string) testkit.Option {
	t.Helper()
	path := filepath.Join(t.TempDir(), "documents.json")
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(cfg *config.Config) { cfg.TrustedDocuments = path }
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func persisted(hash string) testkit.Vars {
	return testkit.Vars{"persistedQuery": testkit.Vars{"version": 1, "sha256Hash": hash}}
}

// requestSender sends a request in one of the ways that there are, and returns the first that
// comes: the data, or the error's code.
type requestSender func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (data, code string)

func senders() map[string]requestSender {
	return map[string]requestSender{
		"POST": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overHTTP(t, token, "application/json", post(t, s, request))
		},
		"GET": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overHTTP(t, token, "application/json", get(t, s, request))
		},
		"events": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overHTTP(t, token, "text/event-stream", post(t, s, request))
		},
		"events by GET": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overHTTP(t, token, "text/event-stream", get(t, s, request))
		},
		"graphql-transport-ws": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overSocket(t, s, token, "graphql-transport-ws", "subscribe", request)
		},
		"graphql-ws": func(t *testing.T, s *testkit.Server, token string, request testkit.Vars) (string, string) {
			t.Helper()
			return overSocket(t, s, token, "graphql-ws", "start", request)
		},
	}
}

func post(t *testing.T, s *testkit.Server, request testkit.Vars) *http.Request {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		s.URL+"/graphql",
		bytes.NewReader(body),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

func get(t *testing.T, s *testkit.Server, request testkit.Vars) *http.Request {
	t.Helper()
	values := url.Values{}
	for name, value := range request {
		text, ok := value.(string)
		if !ok {
			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(encoded)
		}
		values.Set(name, text)
	}
	r, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodGet,
		s.URL+"/graphql?"+values.Encode(),
		nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func overHTTP(t *testing.T, token, accept string, r *http.Request) (data, code string) {
	t.Helper()
	r.Header.Set("Accept", accept)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return firstOf(t, text)
	}
	var decoder *json.Decoder
	for decoder == nil { // to the first event's data
		var line [1]byte
		if _, err := io.ReadFull(res.Body, line[:]); err != nil {
			t.Fatal(err)
		}
		if line[0] == '{' {
			decoder = json.NewDecoder(io.MultiReader(bytes.NewReader(line[:]), res.Body))
		}
	}
	var event json.RawMessage
	if err := decoder.Decode(&event); err != nil {
		t.Fatal(err)
	}
	return firstOf(t, event)
}

func overSocket(
	t *testing.T,
	s *testkit.Server,
	token, subprotocol, begin string,
	request testkit.Vars,
) (data, code string) {
	t.Helper()
	ctx := t.Context()
	//nolint:bodyclose // a WebSocket's response has no body
	conn, _, err := websocket.Dial(
		ctx,
		"ws"+strings.TrimPrefix(s.URL, "http")+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{subprotocol}},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for _, message := range []testkit.Vars{
		{"type": "connection_init", "payload": testkit.Vars{"authorization": "Bearer " + token}},
		{"type": begin, "id": "1", "payload": request},
	} {
		if err := wsjson.Write(ctx, conn, message); err != nil {
			t.Fatal(err)
		}
	}
	for {
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(ctx, conn, &message); err != nil {
			t.Fatalf("the socket is closed: %v", err)
		}
		switch message.Type {
		case "next", "data":
			return firstOf(t, message.Payload)
		case "error":
			return firstOf(
				t,
				[]byte(`{"errors":[`+strings.Trim(string(message.Payload), "[]")+`]}`),
			)
		}
	}
}

func firstOf(t *testing.T, response []byte) (data, code string) {
	t.Helper()
	var decoded struct {
		Data   json.RawMessage
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(response, &decoded); err != nil {
		t.Fatalf("decode %s: %v", response, err)
	}
	if len(decoded.Errors) > 0 {
		code = decoded.Errors[0].Extensions.Code
	}
	return string(decoded.Data), code
}

// TestTrustedDocuments goes through each door: the manifest's documents are answered, by whatever
// name they are asked for, and nothing else is.
func TestTrustedDocuments(t *testing.T) {
	s := testkit.Start(t, "sqlite3", trusting(t, manifest(t)))
	token := s.Token("alice")
	const me = `{"me":{"id":"alice"}}`
	for name, ask := range senders() {
		t.Run(name, func(t *testing.T) {
			for what, request := range map[string]testkit.Vars{
				"documentId":           {"documentId": "me"},
				"doc_id":               {"doc_id": "me"},
				"id":                   {"id": "me"},
				"with an empty query":  {"query": "", "documentId": "me"},
				"its SHA-256":          {"documentId": "sha256:" + hashOf(trustedMe)},
				"Apollo's":             {"extensions": persisted("me")},
				"Apollo's hash":        {"extensions": persisted(hashOf(trustedMe))},
				"Apollo's, with query": {"query": trustedMe, "extensions": persisted(hashOf(trustedMe))},
				"query":                {"query": trustedMe},
				"query with some id":   {"query": trustedMe, "id": "7"},
				"an id beside a query": {"query": "{ myRoomIds }", "documentId": "me"},
				"a hash beside one":    {"query": "{ myRoomIds }", "extensions": persisted("me")},
				"one operation of two": {"documentId": "two", "operationName": "Id"},
			} {
				if data, code := ask(t, s, token, request); data != me || code != "" {
					t.Errorf("%s: %s %s", what, data, code)
				}
			}
			for what, refused := range map[string]struct {
				code    string
				request testkit.Vars
			}{
				"another query":                {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `query Me { me { id nickName } }`}},
				"another query with an id":     {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `{ myRoomIds }`, "documentId": "you"}},
				"another query with a hash":    {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `{ myRoomIds }`, "extensions": persisted(hashOf(`{ myRoomIds }`))}},
				"the hash of it after that":    {"PERSISTED_QUERY_NOT_FOUND", testkit.Vars{"extensions": persisted(hashOf(`{ myRoomIds }`))}},
				"a document with more":         {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": trustedMe + ` query More { myRoomIds }`, "operationName": "Me"}},
				"no GraphQL":                   {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `{`}},
				"introspection":                {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `{ __schema { types { name } } }`}},
				"a subscription":               {"DOCUMENT_NOT_TRUSTED", testkit.Vars{"query": `subscription { myRoomsChanged { __typename } }`}},
				"another id":                   {"PERSISTED_QUERY_NOT_FOUND", testkit.Vars{"documentId": "you"}},
				"another hash":                 {"PERSISTED_QUERY_NOT_FOUND", testkit.Vars{"extensions": persisted(hashOf("{}"))}},
				"an id of the client's own":    {"PERSISTED_QUERY_NOT_FOUND", testkit.Vars{"extensions": testkit.Vars{"documentId": "me", "persistedQuery": testkit.Vars{"sha256Hash": "you"}}}},
				"persistedQuery without hash":  {"BAD_USER_INPUT", testkit.Vars{"extensions": testkit.Vars{"persistedQuery": testkit.Vars{"version": 1}}}},
				"persistedQuery of some shape": {"BAD_USER_INPUT", testkit.Vars{"extensions": testkit.Vars{"persistedQuery": "me"}}},
			} {
				var data, code string
				statements := s.Statements(
					func() { data, code = ask(t, s, token, refused.request) },
				)
				if data != "" && data != "null" || code != refused.code || len(statements) > 0 {
					t.Errorf("%s: %s %s, want %s; %v", what, data, code, refused.code, statements)
				}
			}
		})
	}
}

// TestTrustedChanges: a mutation and a subscription go by their ids where they may go, and nowhere
// else.
func TestTrustedChanges(t *testing.T) {
	s := testkit.Start(
		t,
		"sqlite3",
		trusting(
			t,
			strings.Replace(
				manifest(t),
				"{",
				`{"create":"mutation { createRoom(input: {}) { room { id } } }",`,
				1,
			),
		),
	)
	token := s.Token("alice")
	created, _ := senders()["POST"](t, s, token, testkit.Vars{"documentId": "create"})
	room := strings.Split(created, `"`)[7]
	for name, ask := range senders() {
		data, code := ask(t, s, token, testkit.Vars{"documentId": "rename"})
		if byGet := strings.Contains(
			name,
			"GET",
		); byGet != (data == "") ||
			byGet != (code == "BAD_USER_INPUT") {
			t.Errorf("%s: a mutation: %s %s", name, data, code)
		}
		data, code = ask(
			t,
			s,
			token,
			testkit.Vars{"documentId": "follow", "variables": testkit.Vars{"roomId": room}},
		)
		if stream := name != "POST" &&
			name != "GET"; stream != strings.Contains(data, "StreamOpened") ||
			stream == (code == "BAD_USER_INPUT") {
			t.Errorf("%s: a subscription: %s %s", name, data, code)
		}
	}
}

// TestTrustedStatus: clients that accept the newer media type receive the error in the status.
func TestTrustedStatus(t *testing.T) {
	s := testkit.Start(t, "sqlite3", trusting(t, manifest(t)))
	for what, test := range map[string]struct {
		request testkit.Vars
		newer   int
	}{
		"another query": {testkit.Vars{"query": "{ myRoomIds }"}, http.StatusForbidden},
		"another id":    {testkit.Vars{"documentId": "you"}, http.StatusBadRequest},
		"without data":  {testkit.Vars{"documentId": "me"}, 294}, // the request has no token
	} {
		for accept, want := range map[string]int{"application/graphql-response+json": test.newer, "application/json": http.StatusOK} {
			r := post(t, s, test.request)
			r.Header.Set("Accept", accept)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s as %s: %s, want %d", what, accept, res.Status, want)
			}
		}
	}
}

// TestTrustedSpellings: libraries print the same document in their own ways; what is executed is
// the manifest's.
func TestTrustedSpellings(t *testing.T) {
	s := testkit.Start(t, "sqlite3", trusting(t, manifest(t)))
	alice := s.With(s.Token("alice"))
	const other = "# mine\nfragment Who on User {\n  id,\n}\n\nquery Me {\n  me {\n    ...Who\n  }\n}\n"
	ask := func(request testkit.Vars) testkit.Reply {
		t.Helper()
		body, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		return alice.Post(body, "application/json")
	}
	hash := testkit.Vars{"extensions": persisted(hashOf(other))}

	// As Apollo and urql go about it: the hash, then both, and from then on the hash.
	first := ask(hash)
	if first.Code() != "PERSISTED_QUERY_NOT_FOUND" ||
		first.Errors[0].Message != "PersistedQueryNotFound" {
		t.Errorf("at first: %+v", first.Errors)
	}
	if both := ask(
		testkit.Vars{"query": other, "extensions": persisted(hashOf(other))},
	); both.Code() != "" ||
		both.Data.Str("me.id") != "alice" {
		t.Errorf("with the query: %+v", both.Errors)
	}
	if again := ask(hash); again.Code() != "" || again.Data.Str("me.id") != "alice" {
		t.Errorf("by its hash: %+v", again.Errors)
	}
	for name, query := range map[string]string{
		"another order":      `query Me { me { ...Who } } fragment Who on User { id __typename }`,
		"another alias":      `query Me { me { ...Who } } fragment Who on User { id: id2 }`,
		"another name":       `query You { me { ...Who } } fragment Who on User { id }`,
		"another directive":  `query Me { me { ...Who @skip(if: false) } } fragment Who on User { id }`,
		"another constant":   strings.Replace(trustedRename, "Al", "Bo", 1),
		"a variable's value": strings.Replace(trustedRooms, "$first: Int", "$first: Int = 5", 1),
		"an operation less":  `query Id { me { id } }`,
	} {
		if reply := ask(testkit.Vars{"query": query}); reply.Code() != "DOCUMENT_NOT_TRUSTED" {
			t.Errorf("%s: %s %v", name, reply.Code(), reply.Data)
		}
	}
}

// TestTrustedForms starts a server with each of the forms that tools write.
func TestTrustedForms(t *testing.T) {
	for name, manifest := range map[string]string{
		"graphql-codegen": `{"0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33": "fragment Who on User { id } query Me { me { ...Who } }"}`,
		"Relay":           `{"0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33": "query Me {\n  me {\n    id\n  }\n}\n", "a": "query Me {\n  me {\n    id\n  }\n}\n"}`,
		"Apollo": `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
			{"id": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", "name": "Me", "type": "query", "body": "query Me {\n  me {\n    id\n    __typename\n  }\n}"}]}`,
		"Apollo, in another order": `{"operations": [{"id": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33", "body": "{ me { id } }"}], "version": 1, "format": "apollo-persisted-query-manifest"}`,
	} {
		s := testkit.Start(t, "sqlite3", trusting(t, manifest))
		data, code := senders()["POST"](
			t,
			s,
			s.Token("alice"),
			testkit.Vars{"documentId": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"},
		)
		if !strings.HasPrefix(data, `{"me":{"id":"alice"`) {
			t.Errorf("%s: %s %s", name, data, code)
		}
	}
}

// TestBrokenManifests: a server that cannot answer what it is to answer does not start, and says
// why.
func TestBrokenManifests(t *testing.T) {
	const apollo = `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [%s]}`
	var many, wrong strings.Builder
	for i := range 5001 {
		fmt.Fprintf(&many, `, "%d": "{ me { id } }"`, i)
	}
	for i := range 15 {
		fmt.Fprintf(&wrong, `, "%d": "{"`, i)
	}
	for name, test := range map[string]struct {
		manifest string
		says     []string
	}{
		"nothing":               {"", []string{"JSON", "line 1"}},
		"no JSON":               {"{\n\"a\": \"{me{id}}\"\n\"b\"}", []string{"JSON", "line 3"}},
		"not UTF-8":             {"{\"a\": \"\xff\"}", []string{"UTF-8"}},
		"a list":                {`["{ me { id } }"]`, []string{"forms", "graphql-codegen", "Relay", "Apollo"}},
		"a text":                {`"{ me { id } }"`, []string{"forms"}},
		"documents of a shape":  {`{"a": {"query": "{ me { id } }"}}`, []string{"forms"}},
		"another format":        {`{"format": "mine", "version": 1, "operations": []}`, []string{"forms"}},
		"another version":       {`{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}`, []string{"forms", `"version": 1`}},
		"empty":                 {`{}`, []string{"no document"}},
		"empty, Apollo":         {fmt.Sprintf(apollo, ""), []string{"no document"}},
		"no id":                 {`{"": "{ me { id } }"}`, []string{`document ""`, "no id"}},
		"no id, Apollo":         {fmt.Sprintf(apollo, `{"name": "Me", "body": "{ me { id } }"}`), []string{"operation 1 (Me", "no id"}},
		"no body":               {fmt.Sprintf(apollo, `{"id": "a"}`), []string{`operation 1 (without a name, id "a")`, "no operation"}},
		"an id twice":           {`{"a": "{ me { id } }", "a": "{ myRoomIds }"}`, []string{`document "a"`, "another document"}},
		"no GraphQL":            {`{"a": "{ me { id } }", "b": "{\n  me {"}`, []string{`document "b"`, "line 2", "column"}},
		"a field that is not":   {`{"a": "{ me { idd } }"}`, []string{`document "a"`, "line 1, column 8", "idd"}},
		"a fragment alone":      {`{"a": "fragment F on User { id }"}`, []string{`document "a"`, "no operation"}},
		"a fragment of itself":  {`{"a": "{ me { ...F } } fragment F on User { ...F }"}`, []string{`document "a"`, `"F" uses itself`}},
		"too long":              {`{"a": "{ me {` + strings.Repeat(" id", 2000) + ` } }"}`, []string{`document "a"`, "token limit"}},
		"dear":                  {`{"a": "{ me {` + strings.Repeat(" id", 1400) + ` } }"}`, []string{`document "a"`, "validating"}},
		"an operation is wrong": {fmt.Sprintf(apollo, `{"id": "a", "name": "A", "body": "{ me { id } }"}, {"id": "b", "name": "B", "body": "{ nope }"}`), []string{`operation 2 (B, id "b")`, "nope"}},
		"several":               {`{"a": "{ no }", "b": "{ nope }"}`, []string{`document "a"`, `document "b"`}},
		"many wrong":            {"{" + wrong.String()[1:] + "}", []string{`document "9"`, "and 5 more"}},
		"too many":              {"{" + many.String()[1:] + "}", []string{"5001", "5000"}},
		"too large":             {`{"a": "` + strings.Repeat(" ", 8<<20) + `"}`, []string{"larger than 8 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config.Defaults()
			cfg.DatabaseURL = "sqlite::memory:"
			trusting(t, test.manifest)(&cfg)
			startsNot(
				t,
				cfg,
				append(test.says, "PARLEY_TRUSTED_DOCUMENTS", cfg.TrustedDocuments)...)
		})
	}
	cfg := config.Defaults()
	cfg.DatabaseURL, cfg.TrustedDocuments = "sqlite::memory:", filepath.Join(
		t.TempDir(),
		"nowhere.json",
	)
	startsNot(t, cfg, "PARLEY_TRUSTED_DOCUMENTS", "nowhere.json", "no such file")
	cfg.TrustedDocuments = t.TempDir()
	startsNot(t, cfg, "PARLEY_TRUSTED_DOCUMENTS", cfg.TrustedDocuments, "directory")
}

// startsNot tries to start a server, which must fail in words that say what is wrong.
func startsNot(t *testing.T, cfg config.Config, says ...string) {
	t.Helper()
	a, err := app.New(t.Context(), cfg, slog.New(slog.DiscardHandler), app.Options{})
	if err == nil {
		_ = a.Close()
		t.Fatal("the server has started")
	}
	for _, word := range says {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("it does not say %q: %.2000s", word, err)
		}
	}
}

// TestTrustedIsOff: without a manifest everything is answered as ever, and ids are refused.
func TestTrustedIsOff(t *testing.T) {
	s := testkit.Start(t, "sqlite3")
	token := s.Token("alice")
	for name, ask := range senders() {
		for what, test := range map[string]struct {
			request testkit.Vars
			code    string
		}{
			"documentId":           {testkit.Vars{"documentId": "me"}, "PERSISTED_QUERY_NOT_SUPPORTED"},
			"doc_id":               {testkit.Vars{"doc_id": "me"}, "PERSISTED_QUERY_NOT_SUPPORTED"},
			"id":                   {testkit.Vars{"id": "me", "query": ""}, "PERSISTED_QUERY_NOT_SUPPORTED"},
			"an id beside a query": {testkit.Vars{"query": "{ me { id } }", "documentId": "x", "id": "y"}, ""},
			"a hash":               {testkit.Vars{"extensions": persisted(hashOf(name))}, "PERSISTED_QUERY_NOT_FOUND"},
			"an extension":         {testkit.Vars{"extensions": testkit.Vars{"documentId": "x", "persistedQuery": testkit.Vars{"version": 1, "sha256Hash": "x"}}}, "PERSISTED_QUERY_NOT_FOUND"},
			"hash and query":       {testkit.Vars{"query": "{ me { id } }", "extensions": persisted(hashOf("{ me { id } }"))}, ""},
		} {
			if data, code := ask(
				t,
				s,
				token,
				test.request,
			); code != test.code ||
				(code == "") != (data == `{"me":{"id":"alice"}}`) {
				t.Errorf("%s, %s: %s %s, want %s", name, what, data, code, test.code)
			}
		}
	}
}

// TestPersistedQueriesAreDivided: clients without a token cannot evict the persisted queries of
// users.
func TestPersistedQueriesAreDivided(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "sqlite3")
	anonymous := s.With("")
	token, post := s.Token("alice"), senders()["POST"]
	const query = "{ me { id } }"
	known := testkit.Vars{"extensions": persisted(hashOf(query))}
	full := testkit.Vars{"query": query, "extensions": known["extensions"]}
	if _, code := post(t, s, token, full); code != "" {
		t.Fatal(code)
	}
	for i := range 200 { // 12 MB
		text := fmt.Sprintf("{ __typename } #%d", i) + strings.Repeat("x", 60_000)
		body := fmt.Sprintf(
			`{"query": %q, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": %q}}}`,
			text,
			hashOf(text),
		)
		if reply := anonymous.Post([]byte(body), "application/json"); len(reply.Errors) > 0 {
			t.Fatal(reply.Errors)
		}
	}
	if data, code := post(t, s, token, known); data != `{"me":{"id":"alice"}}` {
		t.Errorf("%s %s", data, code)
	}
}

// TestTrustedLeavesTheRest: what the manifest says comes on top of what is on and off anyway, and
// is for GraphQL alone.
func TestTrustedLeavesTheRest(t *testing.T) {
	const list = `{"schema": "{ __schema { queryType { name } } }", "sign": "mutation($id: ID!) { signIn(userId: $id) { user { id } } }"}`
	ask := func(s *testkit.Server, request testkit.Vars) string {
		t.Helper()
		_, code := senders()["POST"](t, s, s.Token("alice"), request)
		return code
	}
	closed := testkit.Start(t, "sqlite3", trusting(t, list))
	if code := ask(closed, testkit.Vars{"documentId": "schema"}); code != "FORBIDDEN" {
		t.Errorf("introspection is off, and %q", code)
	}
	if code := ask(
		closed,
		testkit.Vars{"documentId": "sign", "variables": testkit.Vars{"id": "bob"}},
	); code != "FORBIDDEN" {
		t.Errorf("signing in without a trusted document fails with %q", code)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, closed.URL+"/my_rooms", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+closed.Token("alice"))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("GET /my_rooms: %s", res.Status)
	}

	open := testkit.Start(
		t,
		"sqlite3",
		trusting(t, list),
		func(cfg *config.Config) { cfg.Introspection = "on" },
	)
	if code := ask(open, testkit.Vars{"documentId": "schema"}); code != "" {
		t.Errorf("introspection is on and on the list, and %q", code)
	}

	development := testkit.Start(
		t,
		"sqlite3",
		trusting(t, list),
		func(cfg *config.Config) { cfg.JWTSecret = "" },
	)
	stranger := development.With("")
	if reply := stranger.Post(
		[]byte(`{"documentId": "sign", "variables": {"id": "bob"}}`),
		"application/json",
	); reply.Code() != "" ||
		reply.Data.Str("signIn.user.id") != "bob" {
		t.Errorf("signIn is on the list: %+v", reply.Errors)
	}
	stranger.Refused("DOCUMENT_NOT_TRUSTED", `mutation { signIn(userId: "bob") { token } }`, nil)
}

// strict returns a GraphQL server with a manifest, by POST, and what it has executed last.
func strict(tb testing.TB, manifest string) (http.Handler, func() *graphql.OperationContext) {
	tb.Helper()
	list, err := graph.ReadManifest(strings.NewReader(manifest))
	if err != nil {
		tb.Fatal(err)
	}
	h := graph.New(
		nil,
		nil,
		graph.Options{Trusted: list, Limits: guard.Limits{Depth: 15, Cost: 10_000, Aliases: 50}},
	)
	h.AddTransport(transport.POST{})
	var last *graphql.OperationContext
	h.AroundOperations(
		func(ctx context.Context, _ graphql.OperationHandler) graphql.ResponseHandler {
			last = graphql.GetOperationContext(ctx)
			return graphql.OneShot(&graphql.Response{Data: []byte("null")})
		},
	)
	return h, func() *graphql.OperationContext {
		op := last
		last = nil
		return op
	}
}

func send(tb testing.TB, h http.Handler, request testkit.Vars) {
	tb.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		tb.Fatal(err)
	}
	r := httptest.NewRequestWithContext(
		tb.Context(),
		http.MethodPost,
		"/graphql",
		bytes.NewReader(body),
	)
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// TestTrustedDocumentsAreParsedOnce: by whatever name a document is asked for, it is the one that
// was parsed at the start, by which what is known of it is found again.
func TestTrustedDocumentsAreParsedOnce(t *testing.T) {
	h, executed := strict(t, `{"a": "{ __typename }", "b": "{ __typename }", "c": "{ me { id } }"}`)
	var first *graphql.OperationContext
	for _, request := range []testkit.Vars{
		{"extensions": testkit.Vars{"documentId": "a"}},
		{"extensions": testkit.Vars{"documentId": "b"}},
		{"extensions": persisted("a")},
		{"extensions": persisted(hashOf("{ __typename }"))},
		{"query": "{ __typename }"},
		{"query": "{__typename}"},
		{"query": "query{\n__typename\n}"},
	} {
		send(t, h, request)
		op := executed()
		switch {
		case op == nil:
			t.Fatalf("%v is not answered", request)
		case first == nil:
			first = op
		case op.Doc != first.Doc || op.Operation != first.Operation || op.RawQuery != first.RawQuery:
			t.Errorf("%v is another document", request)
		}
		if stats := op.Stats; stats.Parsing.End != stats.Validation.Start { // they are the same where nothing is to be done
			t.Errorf("%v is parsed again", request)
		}
	}
}

// FuzzTrusted: whatever is sent as a query, what is executed is a text of the manifest.
func FuzzTrusted(f *testing.F) {
	texts := []string{
		trustedMe,
		trustedRooms,
		trustedFollow,
		trustedRename,
		`query B($s: String = "a\nb") { rooms(search: $s, first: 3) { nodes { id @skip(if: true) } } }`,
	}
	list := map[string]string{}
	for i, text := range texts {
		list[fmt.Sprint(i)] = text
		f.Add(text)
		f.Add("#\n" + strings.ReplaceAll(text, " ", ",\n"))
		f.Add(strings.ReplaceAll(text, "id", "name"))
	}
	f.Add(`{a(b:"""x""",c:[{d:1.5e3}],e:$f)@g{...on H{i}...j}}`)
	manifest, err := json.Marshal(list)
	if err != nil {
		f.Fatal(err)
	}
	h, executed := strict(f, string(manifest))
	f.Fuzz(func(t *testing.T, query string) {
		send(t, h, testkit.Vars{"query": query})
		op := executed()
		if op == nil {
			return
		}
		if !slices.Contains(texts, op.RawQuery) {
			t.Errorf("%q is executed", op.RawQuery)
		}
	})
}

// TestManifestWithMark: a byte order mark, as some editors write it, is ignored (RFC 8259, section
// 8.1).
func TestManifestWithMark(t *testing.T) {
	t.Parallel()
	list, err := graph.ReadManifest(strings.NewReader("\ufeff" + `{"a": "{ me { id } }"}`))
	if err != nil || list.Size() != 1 {
		t.Errorf("%v %v", list, err)
	}
}

// FuzzManifest: a file is a list of documents, or an error.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		`{"a":"{me{id}}"}`, `{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"a","name":"A","type":"query","body":"{me{id}}"}]}`,
		`{"a":"fragment F on User{id}","a":null}`, `[]`, `{"a":"query A{me{id}}query A{me{id}}"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := graph.ReadManifest(bytes.NewReader(data)); err == nil && list.Size() == 0 {
			t.Errorf("%q lists nothing", data)
		}
	})
}
