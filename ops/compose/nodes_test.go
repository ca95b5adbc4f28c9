package compose_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"parley/internal/app"
	"parley/internal/auth"
	"parley/internal/config"
	"parley/internal/testkit"
	"parley/internal/web"
)

// cluster is two nodes on one database, with NATS, and the proxy in front.
type cluster struct {
	t     *testing.T
	nodes []*node
	// url is the URL of the proxy.
	url string
}

// node is a node that runs in this process, as the program does.
type node struct {
	t       *testing.T
	cfg     config.Config
	options app.Options
	stop    func()
}

func (n *node) url() string { return "http://" + n.cfg.Addr }

// start starts the node and returns when it is ready.
func (n *node) start() {
	n.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	log := slog.New(slog.NewTextHandler(n.t.Output(), nil))
	go func() { ended <- app.RunWith(ctx, n.cfg, log, io.Discard, n.options) }() // ends with ctx
	n.stop = func() {
		n.stop = func() {}
		cancel()
		if err := <-ended; err != nil {
			n.t.Errorf("a node has ended with %v", err)
		}
	}
	eventually(n.t, "a node is ready", func() error {
		return ask(
			n.t,
			http.DefaultClient,
			http.MethodGet,
			n.url()+"/readyz",
			nil,
		).is(http.StatusOK)
	})
}

// startCluster starts a cluster. settings are settings of the proxy, besides those of its file. Each
// node has the environment of the compose file, except for addresses.
func startCluster(
	t *testing.T,
	settings string,
	options app.Options,
	change ...testkit.Option,
) *cluster {
	t.Helper()
	findNginx(t) // first, since it may skip the test
	database := testkit.MigratedPostgresURL(t)
	broker := strings.Replace(
		startNATS(t),
		"nats://",
		"nats://parley:"+secrets["NATS_PASSWORD"]+"@",
		1,
	)
	c := &cluster{t: t}
	var addrs []string
	for _, service := range readCompose(t).nodesOf() {
		cfg := settingsOf(t, service).WithoutRates() // all requests come from one address
		cfg.Addr, cfg.AdminAddr, cfg.DatabaseURL, cfg.NATSURL = freeAddr(
			t,
		), freeAddr(
			t,
		), config.Secret(
			database,
		), config.Secret(
			broker,
		)
		cfg.TrustedProxies = []string{"127.0.0.1"}
		for _, to := range change {
			to(&cfg)
		}
		n := &node{t: t, cfg: cfg, options: options}
		n.start()
		t.Cleanup(func() { n.stop() })
		c.nodes, addrs = append(c.nodes, n), append(addrs, cfg.Addr)
	}
	c.url = startProxy(t, settings, addrs...)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return c
}

// as returns a client of url that is signed in as a user.
func (c *cluster) as(id, url string) *testkit.Client {
	c.t.Helper()
	return testkit.NewClient(c.t, url, c.token(id))
}

func (c *cluster) token(id string) string {
	c.t.Helper()
	issuer, err := auth.NewIssuer(auth.Config{Secret: []byte(secrets["PARLEY_JWT_SECRET"])})
	if err != nil {
		c.t.Fatal(err)
	}
	token, _, err := issuer.Issue(id, id, time.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}

const (
	createRoom = `mutation { createRoom(input: {name: "Desk"}) { room { id } } }`
	send       = `mutation ($room: ID!, $text: String!) { sendMessage(input: {roomId: $room, contents: $text}) { message { seq } } }`
	listen     = `subscription ($room: ID!, $after: Int) { messageAdded(roomId: $room, after: $after) { seq contents } }`
)

// TestThroughTheProxy uses requests, sockets and event streams on both nodes, for longer than the
// proxy waits for silent connections.
func TestThroughTheProxy(t *testing.T) {
	const waits = 2 * time.Second // the proxy's timeouts
	c := startCluster(
		t,
		fmt.Sprintf(
			"proxy_read_timeout %[1]dms;\nproxy_send_timeout %[1]dms;",
			waits.Milliseconds(),
		),
		app.Options{Limits: web.Limits{SocketPing: waits / 8}},
	)
	alice := c.as("alice", c.url)
	room := alice.Do(createRoom, nil).Str("createRoom.room.id")
	vars := testkit.Vars{"room": room, "after": 0}

	var streams []*testkit.Stream
	var events []*testkit.Events
	for range 2 { // one on each node
		streams = append(streams, alice.Subscribe(listen, vars))
		events = append(events, alice.Events(listen, vars))
	}
	heard := func(text string) {
		t.Helper()
		for _, s := range streams {
			if got := s.Next().Str("messageAdded.contents"); got != text {
				t.Errorf("a socket received %q, want %q", got, text)
			}
		}
		for _, s := range events { // a buffered stream would deliver nothing
			if got := s.Next().Str("messageAdded.contents"); got != text {
				t.Errorf("an event stream received %q, want %q", got, text)
			}
		}
	}
	for _, n := range c.nodes {
		text := "by " + n.url()
		c.as("alice", n.url()).Do(send, testkit.Vars{"room": room, "text": text})
		heard(text)
	}
	for _, s := range streams { // their pings would go unanswered
		s.Close()
	}
	streams = nil

	quiet := c.dial("alice")
	for began := time.Now(); time.Since(began) < 2*waits; {
		if f := quiet.receive(); f.Type != "ping" {
			t.Fatalf("an idle socket received %s %s", f.Type, f.Payload)
		}
	}
	quiet.say(`{"type":"subscribe","id":"1","payload":{"query":"{ myRoomIds }"}}`)
	for f := quiet.receive(); f.Type != "next"; f = quiet.receive() {
		if f.Type != "ping" {
			t.Fatalf("a socket received %s %s after a long silence", f.Type, f.Payload)
		}
	}
	alice.Do(send, testkit.Vars{"room": room, "text": "still there"})
	heard("still there")
}

// TestSilentConnectionIsDropped shows that TestThroughTheProxy can fail.
func TestSilentConnectionIsDropped(t *testing.T) {
	c := startCluster(t, "proxy_read_timeout 500ms;", app.Options{})
	s := c.dial("alice")
	ctx, cancel := context.WithTimeout(t.Context(), socketPing-time.Second)
	defer cancel()
	if _, _, err := s.conn.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("the socket was not closed: %v", err)
	}
}

// socket is a socket on which graphql-transport-ws is initialised.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

func (c *cluster) dial(id string) *socket {
	c.t.Helper()
	s := &socket{c.t, c.as(id, c.url).Dial()}
	c.t.Cleanup(func() { _ = s.conn.CloseNow() })
	s.say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + c.token(id) + `"}}`)
	if f := s.receive(); f.Type != "connection_ack" {
		c.t.Fatalf("init: %s %s", f.Type, f.Payload)
	}
	return s
}

func (s *socket) say(message string) {
	s.t.Helper()
	if err := s.conn.Write(s.t.Context(), websocket.MessageText, []byte(message)); err != nil {
		s.t.Fatal(err)
	}
}

// receive returns the next message, and answers pings.
func (s *socket) receive() frame {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), testTimeout)
	defer cancel()
	var f frame
	if err := wsjson.Read(ctx, s.conn, &f); err != nil {
		s.t.Fatal(err)
	}
	if f.Type == "ping" {
		s.say(`{"type":"pong"}`)
	}
	return f
}

// from returns a client whose connections come from an address of this machine.
func from(t *testing.T, address string) *http.Client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestClientsCannotForgeAddresses checks that the address of a client is the one that the proxy sees,
// whatever the client sends. Otherwise limits could be evaded, or all clients would share one.
func TestClientsCannotForgeAddresses(t *testing.T) {
	const burst = 3
	c := startCluster(
		t,
		"",
		app.Options{},
		func(cfg *config.Config) { cfg.RateMutations = fmt.Sprintf("off,1/h:%d", burst) },
	)
	change := func(client *http.Client, claim string) string {
		t.Helper()
		body, err := json.Marshal(map[string]string{"query": createRoom})
		if err != nil {
			t.Fatal(err)
		}
		a := ask(
			t,
			client,
			http.MethodPost,
			c.url+"/graphql",
			body,
			"Content-Type",
			"application/json",
			"Authorization",
			"Bearer "+c.token("alice"),
			"X-Forwarded-For",
			claim,
			"Forwarded",
			"for="+claim,
			"X-Request-Id",
			"mine-"+claim,
		)
		if a.err != nil {
			t.Fatal(a.err)
		}
		if got := a.header.Get("X-Request-Id"); got != "mine-"+claim {
			t.Errorf("the request mine-%s has the id %q", claim, got)
		}
		return a.body
	}
	one, other := from(t, "127.0.0.2"), from(t, "127.0.0.3")
	made := 0
	for i := range 2*burst + 2 { // each node counts separately
		if body := change(
			one,
			fmt.Sprintf("1.2.3.%d", i),
		); !strings.Contains(
			body,
			"RATE_LIMITED",
		) {
			made++
		}
	}
	if made != 2*burst {
		t.Errorf("%d changes came from one address, want %d", made, 2*burst)
	}
	if body := change(other, "127.0.0.2"); strings.Contains(body, "RATE_LIMITED") {
		t.Errorf("a client of another address is limited: %s", body)
	}
}

// TestNodeRestart checks that requests continue, that sockets reconnect to the other node, and
// that no event is lost.
func TestNodeRestart(t *testing.T) {
	c := startCluster(t, "", app.Options{})
	alice := c.as("alice", c.url)
	room := alice.Do(createRoom, nil).Str("createRoom.room.id")
	say := func(text string) int {
		t.Helper()
		return alice.Do(send, testkit.Vars{"room": room, "text": text}).
			Int("sendMessage.message.seq")
	}
	var streams []*testkit.Stream
	for range 2 { // one on each node
		streams = append(streams, alice.Subscribe(listen, testkit.Vars{"room": room, "after": 0}))
	}
	seq := say("before")
	for _, s := range streams {
		s.Next()
	}
	for i, n := range c.nodes {
		n.stop()
		var left int
		for j, s := range streams {
			// Only the proxy knows which of them was on this node. The other one receives what follows.
			if code := s.CloseCode(time.Second); code == int(websocket.StatusServiceRestart) {
				left++
			} else {
				s.Close()
			}
			streams[j] = alice.Subscribe(listen, testkit.Vars{"room": room, "after": seq})
		}
		if left == 0 {
			t.Errorf("node %d had no socket", i)
		}
		for k := range 4 {
			text := fmt.Sprintf("without node %d, %d", i, k)
			seq = say(text)
			for _, s := range streams {
				if got := s.Next().Str("messageAdded.contents"); got != text {
					t.Errorf("received %q, want %q", got, text)
				}
			}
		}
		n.start()
		c.tried(n)
	}
}

// tried returns when the proxy has sent a socket and a request to a node again.
func (c *cluster) tried(n *node) {
	c.t.Helper()
	eventually(c.t, "the proxy tries the node again", func() error {
		s := c.dial("alice") // which goes to the node with the fewest sockets
		defer func() { _ = s.conn.CloseNow() }()
		if err := ask(
			c.t,
			http.DefaultClient,
			http.MethodGet,
			c.url+"/schema.graphql",
			nil,
		).is(http.StatusOK); err != nil {
			return err
		}
		a := ask(c.t, http.DefaultClient, http.MethodGet, "http://"+n.cfg.AdminAddr+"/metrics", nil)
		if !openSockets.MatchString(a.body) || !schemaRead.MatchString(a.body) {
			return errors.Join(errors.New("it has no socket, or no request"), a.is(http.StatusOK))
		}
		return nil
	})
}

var (
	openSockets = regexp.MustCompile(`(?m)^parley_connections{.*graphql-transport-ws.*} [1-9]`)
	schemaRead  = regexp.MustCompile(
		`(?m)^parley_http_request_duration_seconds_count{.*/schema.graphql.*} [1-9]`,
	)
)
