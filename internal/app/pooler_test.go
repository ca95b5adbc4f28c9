package app_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/store"
	"parley/internal/testkit"
)

// pooler is PgBouncer between nodes and their database.
type pooler struct {
	t *testing.T
	// URL is the database's through it.
	URL string

	addr, path, config string
	process            *exec.Cmd
}

// findPooler returns the path of PgBouncer and its version. The test is skipped where there is
// none, and fails where there has to be.
func findPooler(t *testing.T) (path string, major, minor int) {
	t.Helper()
	for _, name := range []string{os.Getenv("PARLEY_TEST_PGBOUNCER"), "pgbouncer", "/usr/sbin/pgbouncer"} {
		found, err := exec.LookPath(name)
		if name == "" || err != nil {
			continue
		}
		said, err := exec.CommandContext(t.Context(), found, "--version").CombinedOutput()
		version := regexp.MustCompile(`PgBouncer (\d+)\.(\d+)`).FindSubmatch(said)
		if err != nil || version == nil {
			t.Fatalf("%s --version: %s: %v", found, said, err)
		}
		major, _ = strconv.Atoi(string(version[1])) // digits they are
		minor, _ = strconv.Atoi(string(version[2]))
		return found, major, minor
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no PgBouncer: scripts/install-packages installs it")
	}
	t.Skip("no PgBouncer on the PATH, nor PARLEY_TEST_PGBOUNCER")
	return "", 0, 0
}

// startPooler starts one with settings before a database. It ends with the test.
func startPooler(t *testing.T, databaseURL, settings string) *pooler {
	t.Helper()
	path, _, _ := findPooler(t)
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	network, far, through := testkit.DatabaseAddress(t, databaseURL)
	host, port, name := filepath.Dir(
		far,
	), strings.TrimPrefix(
		filepath.Base(far),
		".s.PGSQL.",
	), strings.TrimPrefix(
		u.Path,
		"/",
	)
	if network == "tcp" {
		if host, port, err = net.SplitHostPort(far); err != nil {
			t.Fatal(err)
		}
	}
	user := u.Query().Get("user")
	if u.User.Username() != "" {
		user = u.User.Username()
	}
	if password, ok := u.User.Password(); ok {
		user += " password='" + strings.ReplaceAll(password, "'", "''") + "'"
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, own, _ := strings.Cut(addr, ":")
	//nolint:usetesting // whose folder the pooler's user may not get to
	folder, err := os.MkdirTemp(
		"/tmp",
		"parley-pooler-",
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &pooler{
		t:      t,
		URL:    through(addr),
		addr:   addr,
		path:   path,
		config: filepath.Join(folder, "pgbouncer.ini"),
	}
	content := fmt.Sprintf(
		"[databases]\n%[1]s = host=%[2]s port=%[3]s user=%[4]s\n[pgbouncer]\nauth_type = any\n"+
			"listen_addr = 127.0.0.1\nlisten_port = %[5]s\nunix_socket_dir =\n%[6]s\n",
		name,
		host,
		port,
		user,
		own,
		settings,
	)
	if err := os.WriteFile(p.config, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *pooler) start() {
	p.t.Helper()
	args := []string{p.config}
	if os.Geteuid() == 0 {
		// It does not run as root, and must get to the socket of a server of the tests' own.
		args = append(args, "--user=postgres")
	}
	p.process = exec.Command(p.path, args...) //nolint:noctx // it ends with kill
	p.process.Stdout, p.process.Stderr = p.t.Output(), p.t.Output()
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", p.addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(end) {
			p.t.Fatal("the pooler does not start: ", err)
		}
	}
}

// kill ends the pooler like a fault: all connections break.
func (p *pooler) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

// TestPooler has two nodes work through PgBouncer, from the migration on, while it is killed and
// started again. What docs/operations.md says of it is what is set here.
func TestPooler(t *testing.T) {
	_, major, minor := findPooler(t)
	for name, c := range map[string]struct {
		settings string
		nats     bool
		cache    int
		since    int // minor version
	}{
		"session":                                {"pool_mode = session\ndefault_pool_size = 50", false, 256, 0},
		"transaction, nothing prepared":          {"pool_mode = transaction\ndefault_pool_size = 8", true, 0, 0},
		"transaction, the pooler knows of names": {"pool_mode = transaction\ndefault_pool_size = 8\nmax_prepared_statements = 300", true, 256, 21},
	} {
		t.Run(name, func(t *testing.T) {
			if major == 1 && minor < c.since {
				t.Skipf("PgBouncer %d.%d is older than 1.%d", major, minor, c.since)
			}
			p := startPooler(t, testkit.PostgresURL(t), c.settings)
			options := []testkit.Option{func(cfg *config.Config) { cfg.DBStatementCache = c.cache }}
			if c.nats {
				broker := testkit.StartNATS(t)
				options = append(
					options,
					func(cfg *config.Config) { cfg.NATSURL = config.Secret(broker.URL) },
				)
			}
			var nodes []*testkit.Server
			for range 2 {
				nodes = append(nodes, testkit.StartOn(t, p.URL, options...))
			}
			pooled(t, p, nodes)
		})
	}
}

// TestPoolerThatMixesUp: a node does not start behind a pooler in transaction mode that does not
// support prepared statements, because it would run the statements of other nodes.
func TestPoolerThatMixesUp(t *testing.T) {
	_, major, minor := findPooler(t)
	settings := "pool_mode = transaction\ndefault_pool_size = 8"
	if major > 1 || minor >= 21 {
		settings += "\nmax_prepared_statements = 0"
	}
	p := startPooler(t, testkit.PostgresURL(t), settings)
	cfg := config.Defaults()
	cfg.DatabaseURL, cfg.JWTSecret = config.Secret(
		p.URL,
	), "a secret that only tests know, 32+ bytes"
	a, err := app.New(
		t.Context(),
		cfg,
		slog.New(slog.NewTextHandler(t.Output(), nil)),
		app.Options{},
	)
	if err == nil {
		_ = a.Close()
		t.Fatal("it starts")
	}
	if !strings.Contains(err.Error(), "PARLEY_DB_STATEMENT_CACHE=0") || store.IsUnavailable(err) {
		t.Errorf("it says %v", err)
	}
}

// pooled has people write and listen on all nodes, and compares what they were told.
func pooled(t *testing.T, p *pooler, nodes []*testkit.Server) {
	t.Helper()
	const people, each = 8, 20
	alice := nodes[0].As("alice")
	var names []string
	for i := range people {
		names = append(names, fmt.Sprint("w", i))
		nodes[i%len(nodes)].As(names[i])
	}
	room := alice.Do(`mutation($who: [ID!]) { createRoom(input: {memberIds: $who}) { room { id } } }`, testkit.Vars{"who": names}).
		Str("createRoom.room.id")
	var streams []*testkit.Stream
	for _, n := range nodes {
		streams = append(
			streams,
			n.As("alice").
				Subscribe(`subscription($room: ID!) { messageAdded(roomId: $room, after: 0) { seq contents } }`,
					testkit.Vars{"room": room}),
		)
	}
	var half, all sync.WaitGroup
	half.Add(people)
	for i, name := range names {
		all.Go(func() {
			for k := range each {
				if k == each/2 {
					half.Done()
				}
				n := nodes[(i+k)%len(nodes)]
				text := fmt.Sprint(name, " ", k)
				insist(t, n.With(n.Token(name)), `mutation($room: ID!, $text: String!) {
					sendMessage(input: {roomId: $room, contents: $text, idempotencyKey: $text}) { message { contents from { id } } } }`,
					testkit.Vars{"room": room, "text": text}, func(r testkit.JSON) bool {
						return r.Str("sendMessage.message.contents") == text &&
							r.Str("sendMessage.message.from.id") == name
					})
				insist(
					t,
					n.With(n.Token(name)),
					`query($room: ID!) { roomInfo(roomId: $room) { id memberCount members { nodes { id } } } me { id } }`,
					testkit.Vars{"room": room},
					func(r testkit.JSON) bool {
						return r.Str("roomInfo.id") == room &&
							len(r.List("roomInfo.members.nodes")) == people+1 &&
							r.Str("me.id") == name
					},
				)
				insist(
					t,
					n.With(n.Token(name)),
					`mutation($key: String!) { createRoom(input: {memberIds: ["alice"], name: $key, idempotencyKey: $key}) { room { name memberCount } } }`,
					testkit.Vars{"key": fmt.Sprint(name, k)},
					func(r testkit.JSON) bool {
						return r.Str("createRoom.room.name") == fmt.Sprint(name, k) &&
							r.Int("createRoom.room.memberCount") == 2
					},
				)
			}
		})
	}
	half.Wait()
	p.kill()
	time.Sleep(300 * time.Millisecond)
	p.start()
	all.Wait()
	if t.Failed() {
		return
	}
	for i, s := range streams {
		heard := map[string]int{}
		for seq := 1; seq <= people*each; seq++ {
			m := s.Next().At("messageAdded")
			if m.Int("seq") != seq {
				t.Fatalf("stream %d has %d at %d", i, m.Int("seq"), seq)
			}
			heard[m.Str("contents")]++
		}
		if len(heard) != people*each {
			t.Errorf("stream %d received %d messages, want %d", i, len(heard), people*each)
		}
	}
	if n := len(alice.Do(`{ myRoomIds }`, nil).List("myRoomIds")); n != people*each+1 {
		t.Errorf("alice is in %d rooms, want %d", n, people*each+1)
	}
}

// insist asks until the answer is not that the database is away.
func insist(
	t *testing.T,
	c *testkit.Client,
	query string,
	vars testkit.Vars,
	right func(testkit.JSON) bool,
) {
	t.Helper()
	var last testkit.Reply
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		last = c.Ask(query, vars)
		switch {
		case last.Code() == "UNAVAILABLE":
		case len(last.Errors) > 0:
			t.Errorf("%s\nwith %v: %+v", query, vars, last.Errors)
			return
		case !right(last.Data):
			t.Errorf("%s\nwith %v: %v", query, vars, last.Data)
			return
		default:
			return
		}
	}
	t.Errorf("%s\nwith %v: %+v for too long", query, vars, last.Errors)
}
