package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
	"parley/internal/testkit"
)

// answered is what came back, to the last byte.
type answered struct {
	status     int
	retryAfter string
	body       string
}

// from asks with headers of a test's own, as through a proxy.
func from(t *testing.T, s *testkit.Server, token, query string, headers ...string) answered {
	t.Helper()
	document, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(
		t.Context(),
		http.MethodPost,
		s.URL+"/graphql",
		strings.NewReader(string(document)),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{res.StatusCode, res.Header.Get("Retry-After"), string(raw)}
}

const rename = `mutation { updateProfile(input: {nickName: "x"}) { user { id } } }`

// TestMutationsAreLimited: by person, each root field counting one, and before the database is
// asked.
func TestMutationsAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		alice.Do(rename, nil)
		alice.Refused(
			"RATE_LIMITED",
			`mutation { a: updateProfile(input: {nickName: "a"}) { user { id } } ...more } fragment more on Mutation {
			b: updateProfile(input: {nickName: "b"}) { user { id } } c: updateProfile(input: {nickName: "c"}) { user { id } } d: updateProfile(input: {nickName: "d"}) { user { id } } }`,
			nil,
		)
		alice.Do(
			`mutation($no: Boolean = false) { a: updateProfile(input: {nickName: "a"}) { user { id } } ... { b: updateProfile(input: {nickName: "b"}) { user { id } } }
			c: updateProfile(input: {nickName: "c"}) @include(if: $no) { user { id } } }`,
			nil,
		)
		alice.Do(rename, nil) // the fourth
		ran := s.Statements(func() {
			e := alice.Refused("RATE_LIMITED", rename, nil)
			if ms, _ := e.Extensions["retryAfterMs"].(float64); ms < 1000*60 || ms > 1000*3600 {
				t.Errorf("try again after %v ms", e.Extensions["retryAfterMs"])
			}
		})
		if len(ran) != 0 {
			t.Errorf("a refused mutation asked the database: %q", ran)
		}
		alice.Do(`{ me { nickName } }`, nil) // reading goes on
		s.As("bob").Do(rename, nil)          // and so do others
		admin := s.Sign(
			map[string]any{
				"sub":   "backend",
				"exp":   time.Now().Add(time.Hour).Unix(),
				"admin": true,
			},
		)
		for range 10 {
			s.With(admin).Do(rename, nil)
		}

		for _, accept := range []string{"application/json", "application/graphql-response+json", "text/event-stream"} {
			a := from(t, s, s.Token("alice"), rename, "Accept: "+accept)
			seconds, err := strconv.Atoi(a.retryAfter)
			if a.status != http.StatusTooManyRequests || err != nil || seconds < 60 ||
				!strings.Contains(a.body, `"RATE_LIMITED"`) ||
				strings.Contains(a.body, `"data"`) {
				t.Errorf("%s: %+v", accept, a)
			}
		}
		socket := alice.Subscribe(rename, nil)
		if e := socket.Error(); e.Extensions["code"] != "RATE_LIMITED" ||
			e.Extensions["retryAfterMs"] == nil {
			t.Errorf("on a socket: %+v", e)
		}
		socket.Close()
	}, func(cfg *config.Config) { cfg.RateMutations = "1/h:4,off" })
}

// TestAddressesAreLimited: the limit of an address applies to all users, also behind a trusted proxy.
func TestAddressesAreLimited(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, "sqlite3", func(cfg *config.Config) { cfg.RateMutations = "off,1/h:3" })
	ask := func(headers ...string) int {
		t.Helper()
		return from(t, s, s.Token("p"+strconv.Itoa(len(headers))), rename, headers...).status
	}
	allow := func(n int, headers ...string) {
		t.Helper()
		for i := range n {
			if status := ask(headers...); status != http.StatusOK {
				t.Fatalf("%v, time %d: %d", headers, i, status)
			}
		}
		if status := ask(headers...); status != http.StatusTooManyRequests {
			t.Fatalf("%v: %d after %d", headers, status, n)
		}
	}
	allow(3)
	allow(3, "X-Forwarded-For: 192.0.2.1")
	allow(3, "X-Forwarded-For: 192.0.2.1, 192.0.2.2")   // only the last is the proxy's word
	allow(0, "X-Forwarded-For: 203.0.113.7, 192.0.2.2") // whatever the client has put before it
	allow(0, "X-Forwarded-For: 203.0.113.8", "X-Forwarded-For: 192.0.2.2:8080")
	allow(0, "X-Forwarded-For: 192.0.2.2, 127.0.0.9") // a proxy behind the proxy
	allow(3, "X-Forwarded-For: 2001:db8::1")
	allow(0, "X-Forwarded-For: [2001:db8::2]:443")
	allow(3, "X-Forwarded-For: 2001:db8:0:1::1")
	allow(
		0,
		"X-Forwarded-For: 203.0.113.9, unknown",
	) // the proxy's own, which the first three have used up
	allow(0, "Forwarded: for=203.0.113.10") // the header is not trusted

	wary := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.RateMutations, cfg.TrustedProxies = "off,1/h:3", []string{"10.0.0.0/8"} },
	)
	s = wary
	allow(3, "X-Forwarded-For: 192.0.2.1")
	allow(0, "X-Forwarded-For: 192.0.2.2")
	allow(0)

	modern := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.RateMutations, cfg.ProxyHeader = "off,1/h:3", "Forwarded" },
	)
	s = modern
	allow(3, `Forwarded: for=203.0.113.1, For="[2001:db8::1]:4711";proto=https`)
	allow(0, `Forwarded: proto=http;for="[2001:db8::2]"`)
	allow(3, "Forwarded: for=_hidden")
	allow(0, "X-Forwarded-For: 192.0.2.1")
}

// TestAutomaticRates: in development mode they do not hold for this machine. In production they do,
// since a proxy there may pass on requests without a word of where they come from.
func TestAutomaticRates(t *testing.T) {
	t.Parallel()
	many := "mutation { " + strings.Join(
		aliased(50, `updateProfile(input: {nickName: "x"}) { user { id } }`),
		" ",
	) + "}"
	limited := func(s *testkit.Server, token string) bool {
		for range 20 {
			if from(t, s, token, many).status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	automatic := func(cfg *config.Config) { cfg.RateMutations = "auto" }
	production := testkit.Start(t, "sqlite3", automatic)
	if !limited(production, production.Token("alice")) {
		t.Error("in production 1,000 changes at once are not limited")
	}
	development := testkit.Start(
		t,
		"sqlite3",
		automatic,
		func(cfg *config.Config) { cfg.JWTSecret = "" },
	)
	token := development.With("").
		Do(`mutation { signIn(userId: "alice") { token } }`, nil).
		Str("signIn.token")
	if limited(development, token) {
		t.Error("in development mode this machine is limited")
	}
}

func aliased(n int, field string) []string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf("f%d: %s", i, field)
	}
	return fields
}

// TestSignInsAreLimited: sign-ins are limited per user and per address.
func TestSignInsAreLimited(t *testing.T) {
	t.Parallel()
	s := testkit.Start(
		t,
		"sqlite3",
		func(cfg *config.Config) { cfg.JWTSecret, cfg.RateSignIns = "", "1/h:2,1/h:4" },
	)
	anybody := s.With("")
	signIn := func(id string) string {
		return anybody.Ask(`mutation($id: ID!) { signIn(userId: $id) { token } }`, testkit.Vars{"id": id}).
			Code()
	}
	for i, want := range []struct{ id, code string }{
		{"ann", ""}, {"ann", ""}, {"ann", "RATE_LIMITED"}, {"bob", ""}, {"carol", ""}, {"dave", "RATE_LIMITED"},
	} {
		if got := signIn(want.id); got != want.code {
			t.Errorf("%d: %s: %q; want %q", i, want.id, got, want.code)
		}
	}
}

// TestKeysAreLimitedByAddress: many people of one address try keys, and give them back that were
// right.
func TestKeysAreLimitedByAddress(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := makeRoom(alice, testkit.Vars{"accessType": "PRIVATE"})
		right := testkit.Vars{"room": room, "key": keyOf(alice, room)}
		for i := range 8 {
			s.As(fmt.Sprint("right", i)).Do(joinRoom, right)
		}
		for i := range 5 {
			s.As(fmt.Sprint("wrong", i)).
				Refused("WRONG_KEY", joinRoom, testkit.Vars{"room": room, "key": "wrong"})
		}
		s.As("late").Refused("RATE_LIMITED", joinRoom, testkit.Vars{"room": room, "key": "wrong"})
		s.As("later").
			Refused("RATE_LIMITED", joinRoom, right)
		// the right one is not told from the others
	}, func(cfg *config.Config) { cfg.RateKeys = "off,1/h:5" })
}

// TestSubscriptionsAreLimited on sockets and as events.
func TestSubscriptionsAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice, bob := s.As("alice"), s.As("bob")
		mine, his := makeRoom(alice, nil), makeRoom(bob, nil)
		listen := `subscription { roomEvents(roomId: "` + mine + `") { __typename } }`
		for range 2 {
			alice.Subscribe(listen, nil).Next() // it has begun
		}
		if e := alice.Subscribe(listen, nil).
			Error(); e.Extensions["code"] != "RATE_LIMITED" ||
			e.Extensions["retryAfterMs"] == nil {
			t.Errorf("%+v", e)
		}
		a := from(t, s, s.Token("alice"), listen, "Accept: text/event-stream")
		if a.status != http.StatusTooManyRequests || a.retryAfter == "" ||
			!strings.Contains(a.body, "RATE_LIMITED") {
			t.Errorf("as events: %+v", a)
		}
		bob.Subscribe(strings.Replace(listen, mine, his, 1), nil).Next()
	}, func(cfg *config.Config) { cfg.RateSubscriptions = "1/h:2" })
}

// TestQueriesAreLimitedByCost: a caller may spend so much, cheap queries are many, and a search is
// dear whatever is looked for. Services are exempt.
func TestQueriesAreLimitedByCost(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		const search = `query($words: String) { rooms(search: $words, first: 1) { nodes { id } } }`
		alice := s.As("alice") // who has spent 2
		for range 20 {
			alice.Do(`{ me { id } }`, nil)
		}
		alice.Do(search, testkit.Vars{"words": nil})
		ran := s.Statements(func() {
			e := alice.Refused("RATE_LIMITED", search, testkit.Vars{"words": "x"})
			if e.Extensions["retryAfterMs"] == nil {
				t.Errorf("%+v", e)
			}
		})
		if len(ran) != 0 {
			t.Errorf("a refused query asked the database: %q", ran)
		}
		alice.Do(`{ me { id } }`, nil)
		alice.Do(rename, nil)
		s.As("bob").Do(search, testkit.Vars{"words": "x"})
		admin := s.Sign(
			map[string]any{
				"sub":   "backend",
				"exp":   time.Now().Add(time.Hour).Unix(),
				"admin": true,
			},
		)
		for range 5 {
			s.With(admin).Do(search, nil)
		}
	}, func(cfg *config.Config) { cfg.RateQueries = "1/h:1000,off" })
}

// TestRefusedLeaveNoTrace: a new user is not stored if its request is rejected.
func TestRefusedLeaveNoTrace(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		alice.Do(rename, nil)
		alice.Subscribe(`subscription { roomEvents(roomId: "`+makeRoom(alice, nil)+`") { __typename } }`, nil).
			Next()
		newcomer := s.With(s.Token("newcomer"))
		newcomer.Refused("RATE_LIMITED", rename, nil)
		if e := newcomer.Subscribe(`subscription { roomCreated { id } }`, nil).
			Error(); e.Extensions["code"] != "RATE_LIMITED" {
			t.Errorf("%+v", e)
		}
		if !alice.Do(`{ user(id: "newcomer") { id } }`, nil).IsNull("user") {
			t.Error("the newcomer is there")
		}
	}, func(cfg *config.Config) { cfg.RateMutations, cfg.RateSubscriptions = "off,1/h:2", "off,1/h:1" })
}

// TestAtOnce: of all that come at the same moment, on all ways, as many get through as may.
func TestAtOnce(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		codes := map[string]int{}
		for _, code := range inParallel(200, func() string { return alice.Ask(rename, nil).Code() }) {
			codes[code]++
		}
		if codes[""] != 50 || codes["RATE_LIMITED"] != 150 {
			t.Errorf("%v", codes)
		}
	}, func(cfg *config.Config) { cfg.RateMutations = "1/h:50" })
}

// TestNewDocumentsAreLimited: a document that is not cached costs by its length, also if it is then
// refused; one that is cached costs nothing but its query's cost.
func TestNewDocumentsAreLimited(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		const cheap = `{ me { id } }`
		alice.Do(cheap, nil)
		wrong := func(i int) string {
			return fmt.Sprintf("{ no%d } # %s", i, strings.Repeat("x", 8000))
		}
		refused := 0
		for i := range 10 {
			if alice.Ask(wrong(i), nil).Code() == "RATE_LIMITED" {
				refused++
			}
		}
		if refused != 6 { // each costs some 2,003 of 10,000, and alice has spent a little before
			t.Errorf("%d of 10 documents were refused", refused)
		}
		s.As("bob").Do(cheap, nil)
	}, func(cfg *config.Config) { cfg.RateQueries = "1/h:10000,off" })
}
