package app_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/web"
)

// busy has a server do a bit of everything.
func busy(t *testing.T, s *testkit.Server) {
	t.Helper()
	alice := s.As("alice")
	room := alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
		Str("createRoom.room.id")
	stream := alice.Subscribe(
		`subscription($room: ID!) { messageAdded(roomId: $room) { seq from { nickName } } }`,
		testkit.Vars{"room": room},
	)
	stream.AwaitStart(func() string {
		return fmt.Sprint(
			alice.Do(`mutation($room: ID!) { sendMessage(input: { roomId: $room, contents: "x" }) { message { seq } } }`,
				testkit.Vars{"room": room}).
				Int("sendMessage.message.seq"),
		)
	}, func(data testkit.JSON) string { return fmt.Sprint(data.Int("messageAdded.seq")) })
	alice.Do(`{ myRooms { nodes { members { nodes { nickName } } } } }`, nil)
	alice.Refused("NOT_FOUND", `{ roomInfo(roomId: "x") { id } }`, nil)
	s.With("").Refused("UNAUTHENTICATED", `query mine { me { id } }`, nil)
	stream.Ping(testkit.Vars{"authorization": "nonsense"}) // for which it is closed
	if code := stream.CloseCode(20 * time.Second); code != 4403 {
		t.Errorf("the socket was closed with %d", code)
	}
}

// TestMetrics: the metrics count what happens, promlint accepts their names, and all metrics and
// labels of the dashboard and the alerts exist.
func TestMetrics(t *testing.T) {
	s := testkit.StartOn(t, testkit.MigratedPostgresURL(t))
	busy(t, s)
	text := s.Metrics()
	for _, want := range []string{
		`parley_operation_duration_seconds_count{field="createRoom",kind="mutation",outcome="ok"} 1`,
		`parley_operation_duration_seconds_count{field="roomInfo",kind="query",outcome="NOT_FOUND"} 1`,
		`parley_operation_duration_seconds_count{field="me",kind="query",outcome="UNAUTHENTICATED"} 1`,
		`parley_subscription_requests_total{field="messageAdded",outcome="ok"} 1`,
		`parley_sockets_closed_total{code="4403"} 1`,
		`parley_http_request_duration_seconds_count{route="/graphql",status="200"}`,
		`parley_peers 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, some := range []string{
		"parley_executions_total", "parley_deliveries_total", "parley_delivered_bytes_total", `parley_write_batches_total{queue="messages"}`, `parley_batched_writes_total{queue="rooms"}`,
		`parley_statement_cache_requests_total{result="hit"}`, "parley_cache_bytes", "parley_publications_sent_total", `parley_user_cache_requests_total{result="miss"}`,
	} {
		if regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(some)+` 0$`).MatchString(text) ||
			!strings.Contains(text, "\n"+some+" ") {
			t.Errorf("%s is 0", some)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}

	alerts, err := os.ReadFile("../../ops/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(alerts), -1) {
		if !bytes.Contains(guide, []byte("\n| "+alert[1]+" |")) {
			t.Errorf("docs/operations.md does not explain %s", alert[1])
		}
	}

	// The metrics of a running server.
	address, stop := start(t)
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodGet, "http://"+address+"/metrics", nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	running, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	text += string(running)
	if err := stop(); err != nil {
		t.Error(err)
	}
	name := regexp.MustCompile(`\b(?:parley|process|go)_[a-z_]+\b`)
	grouped := regexp.MustCompile(`by \(([a-z, ]+)\) \((?:(?:rate|increase)\()?(\w+)`)
	for _, file := range []string{"../../ops/grafana/parley.json", "../../ops/prometheus/alerts.yml"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := name.FindAllString(string(content), -1)
		if len(names) < 5 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, n := range names {
			if !strings.Contains(text, "\n"+n+"{") && !strings.Contains(text, "\n"+n+" ") {
				t.Errorf("%s names %s, which does not exist", file, n)
			}
		}
		for _, group := range grouped.FindAllStringSubmatch(string(content), -1) {
			for label := range strings.SplitSeq(group[1], ", ") {
				given := label == "job" || label == "instance" // by Prometheus
				if !given &&
					!regexp.MustCompile(`(?m)^`+group[2]+`\{(?:[^}]*,)?`+label+`="`).
						MatchString(text) {
					t.Errorf(
						"%s has %s by %s, which is not one of its labels",
						file,
						group[2],
						label,
					)
				}
			}
		}
	}
}

// TestOutcomes: a failed operation is counted with its code, and one whose client has disconnected
// is not counted as a fault of the server.
func TestOutcomes(t *testing.T) {
	url := testkit.MigratedPostgresURL(t)
	network, far, through := testkit.DatabaseAddress(t, url)
	link := testkit.NewLink(t, network, far)
	s := testkit.StartApp(
		t,
		through(link.Addr),
		app.Options{Limits: web.Limits{Operation: time.Second}},
	)
	alice := s.As("alice")
	room := alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
		Str("createRoom.room.id")
	const list, read = `{ myRoomIds }`, `mutation($room: ID!) { markRead(roomId: $room, seq: 1) { room { id } } }`
	vars := testkit.Vars{"room": room}
	counted := func(outcome string) func() bool {
		return func() bool {
			text := s.Metrics()
			return strings.Contains(
				text,
				`parley_operation_duration_seconds_count{field="myRoomIds",kind="query",outcome="`+outcome+`"} 1`,
			) &&
				strings.Contains(
					text,
					`parley_operation_duration_seconds_count{field="markRead",kind="mutation",outcome="`+outcome+`"} 1`,
				)
		}
	}
	await := func(outcome string) {
		t.Helper()
		is := counted(outcome)
		for deadline := time.Now().Add(20 * time.Second); !is(); {
			if time.Now().After(deadline) {
				t.Fatalf("one of each is not counted as %s:\n%s", outcome, s.Metrics())
			}
		}
	}

	link.Silence()
	var asking sync.WaitGroup
	for _, query := range []string{list, read} {
		body, err := json.Marshal(testkit.Vars{"query": query, "variables": vars})
		if err != nil {
			t.Fatal(err)
		}
		asking.Go(func() {
			ctx, hangUp := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer hangUp()
			req, err := http.NewRequestWithContext(
				ctx,
				http.MethodPost,
				s.URL+"/graphql",
				bytes.NewReader(body),
			)
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+s.Token("alice"))
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				_ = res.Body.Close()
				t.Errorf("%s is answered: %s", query, res.Status)
			}
		})
	}
	asking.Wait()
	await("CANCELLED")
	for _, query := range []string{list, read} {
		asking.Go(func() { alice.Refused("UNAVAILABLE", query, vars) })
	}
	asking.Wait()
	await("UNAVAILABLE")
	link.Heal()

	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE members RENAME TO lost`); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{list, read} {
		alice.Refused("INTERNAL", query, vars)
	}
	await("INTERNAL")
	alerts, err := os.ReadFile("../../ops/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(alerts, []byte(`outcome=~"INTERNAL|UNAVAILABLE"`)) {
		t.Error("no alert selects failed operations")
	}
}

// TestAlerts: each alert fires when it should, and not when it should not.
func TestAlerts(t *testing.T) {
	read := func(name string) []byte {
		content, err := os.ReadFile("../../ops/prometheus/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	cases := read("alerts_test.yml")
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllSubmatch(read("alerts.yml"), -1) {
		if !bytes.Contains(cases, append([]byte("alertname: "), alert[1]...)) {
			t.Errorf("no test case of %s", alert[1])
		}
	}
	promtool, err := exec.LookPath("promtool")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("no promtool: scripts/install-packages installs it")
	case err != nil:
		t.Skip("no promtool on the PATH")
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", "../../ops/prometheus/alerts_test.yml").
		CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRefusals: what is refused since it was done too often is counted by what it was.
func TestRefusals(t *testing.T) {
	s := testkit.StartOn(t, "sqlite::memory:", func(cfg *config.Config) {
		cfg.JWTSecret = "" // so that people sign in
		cfg.RateMutations, cfg.RateSignIns, cfg.RateKeys = "1/h:3,off", "off,1/h:3", "1/h:1"
		cfg.RateSubscriptions, cfg.RateConnections = "1/h:2", "off,1/h:3"
		cfg.RateTokens = "off,1/h:1"
	})
	refusals := func(want map[string]int) {
		t.Helper()
		text := s.Metrics()
		for _, gate := range []string{"mutations", "sign_ins", "tokens", "keys", "connections", "subscriptions"} {
			if line := fmt.Sprintf(
				"\nparley_rate_limited_total{limit=%q} %d\n",
				gate,
				want[gate],
			); !strings.Contains(
				text,
				line,
			) {
				t.Errorf("there is no %s", line)
			}
		}
	}
	signIn := `mutation($id: ID!) { signIn(userId: $id) { token } }`
	person := func(id string) *testkit.Client {
		return s.With(s.With("").Do(signIn, testkit.Vars{"id": id}).Str("signIn.token"))
	}
	alice, bob := person("alice"), person("bob")
	room := alice.Do(`mutation { createRoom(input: {accessType: PRIVATE}) { room { id } } }`, nil).
		Str("createRoom.room.id")
	refusals(nil)

	person("carol")
	s.With("").Refused("RATE_LIMITED", signIn, testkit.Vars{"id": "dave"})
	join := `mutation($room: ID!) { joinRoom(roomId: $room, key: "wrong") { room { id } } }`
	bob.Refused("WRONG_KEY", join, testkit.Vars{"room": room})
	bob.Refused("RATE_LIMITED", join, testkit.Vars{"room": room})
	bob.Refused("RATE_LIMITED", join, testkit.Vars{"room": room})
	refusals(map[string]int{"sign_ins": 1, "keys": 2})

	s.With("no.valid.token").Refused("UNAUTHENTICATED", `{ me { id } }`, nil)
	s.With("no.valid.token").Refused("RATE_LIMITED", `{ me { id } }`, nil)

	rename := `mutation { updateProfile(input: {nickName: "x"}) { user { id } } }`
	for range 2 {
		alice.Do(rename, nil)
	}
	for range 4 {
		alice.Refused("RATE_LIMITED", rename, nil)
	}
	listen, vars := `subscription($room: ID!) { roomEvents(roomId: $room) { seq } }`, testkit.Vars{
		"room": room,
	}
	for range 2 {
		alice.Subscribe(listen, vars).Next()
	}
	if e := alice.Subscribe(listen, vars).Error(); e.Extensions["code"] != "RATE_LIMITED" {
		t.Errorf("the third subscription: %+v", e)
	}
	//nolint:bodyclose // there is none
	_, res, err := websocket.Dial(
		t.Context(),
		"ws"+strings.TrimPrefix(s.URL, "http")+"/graphql",
		nil,
	)
	if err == nil || res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the fourth connection: %v", err)
	}
	refusals(
		map[string]int{
			"sign_ins":      1,
			"tokens":        1,
			"keys":          2,
			"mutations":     4,
			"subscriptions": 1,
			"connections":   1,
		},
	)
}

// TestPublicMetrics: the main address has the metrics in development mode without an address for
// operators, or if they are asked for.
func TestPublicMetrics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change testkit.Option
		want   int
	}{
		"production": {func(*config.Config) {}, http.StatusNotFound},
		"asked for": {
			func(cfg *config.Config) { cfg.PublicMetrics, cfg.AdminAddr = "on", "127.0.0.1:0" },
			http.StatusOK,
		},
		"development": {development, http.StatusOK},
		"development, with an address for operators": {
			func(cfg *config.Config) { cfg.JWTSecret, cfg.AdminAddr = "", "127.0.0.1:0" },
			http.StatusNotFound,
		},
		"development, off": {
			func(cfg *config.Config) { cfg.JWTSecret, cfg.PublicMetrics = "", "off" },
			http.StatusNotFound,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auto := func(cfg *config.Config) { cfg.PublicMetrics = config.Defaults().PublicMetrics }
			s := testkit.StartOn(t, "sqlite::memory:", auto, test.change)
			req, err := http.NewRequestWithContext(
				t.Context(), http.MethodGet, s.URL+"/metrics", nil,
			)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if shown := bytes.Contains(body, []byte("parley_")); err != nil ||
				res.StatusCode != test.want || shown != (test.want == http.StatusOK) {
				t.Errorf("%s, metrics %v, %v; want %d", res.Status, shown, err, test.want)
			}
		})
	}
}
