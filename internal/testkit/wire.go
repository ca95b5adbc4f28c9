package testkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Wire is the network between a server and its PostgreSQL, which a test can break.
type Wire struct {
	// URL is the database's, by way of the wire.
	URL string

	t        testing.TB
	network  string // of the database
	address  string
	listener net.Listener
	ended    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	loss  Loss
	cut   bool
}

// Loss is what becomes of a COMMIT, or of a statement that writes by itself.
type Loss int

// The connection stays, or breaks before the database has heard of the COMMIT, or after it has carried it out.
const (
	Nothing Loss = iota
	Unheard
	Unanswered
)

// NewWire returns a wire to the database that databaseURL names, without TLS. It ends with the test: start the server
// that uses it afterwards, so that it ends first.
func NewWire(t testing.TB, databaseURL string) *Wire {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal("the database's URL: ", err)
	}
	w := &Wire{t: t, network: "tcp", address: u.Host, conns: map[net.Conn]struct{}{}}
	query := u.Query()
	port := query.Get("port")
	if port == "" {
		port = "5432"
	}
	if dir := query.Get("host"); dir != "" {
		w.network, w.address = "unix", dir+"/.s.PGSQL."+port
	} else if u.Port() == "" {
		w.address = net.JoinHostPort(u.Hostname(), port)
	}
	if w.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = w.listener.Addr().String(), query.Encode()
	w.URL = u.String()
	w.ended.Go(w.accept)
	t.Cleanup(func() {
		w.listener.Close()
		w.Cut()
		w.ended.Wait()
	})
	return w
}

// LoseCommit breaks the connection on which the next COMMIT is sent, or the next statement that writes by itself.
func (w *Wire) LoseCommit(loss Loss) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loss = loss
}

// Cut breaks all connections, and all new ones until Mend.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for c := range w.conns {
		c.Close()
	}
}

// Mend lets new connections through again.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

// keep notes a connection, to be closed by Cut; false where the wire is cut.
func (w *Wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		w.conns[c] = struct{}{}
	}
	return !w.cut
}

func (w *Wire) forget(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		delete(w.conns, c)
		c.Close()
	}
}

// fate is what becomes of the COMMIT that is being sent.
func (w *Wire) fate() Loss {
	w.mu.Lock()
	defer w.mu.Unlock()
	loss := w.loss
	w.loss = Nothing
	return loss
}

func (w *Wire) accept() {
	for { // until the listener is closed
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.ended.Go(func() { w.carry(client) })
	}
}

// carry ends when either side hangs up, or the wire is cut.
func (w *Wire) carry(client net.Conn) {
	server, err := new(net.Dialer).DialContext(context.Background(), w.network, w.address)
	if err != nil {
		client.Close()
		w.t.Logf("dial the database: %v", err)
		return
	}
	defer w.forget(client, server)
	if !w.keep(client, server) {
		return
	}
	back := &answers{to: client}
	w.ended.Go(func() {
		_, _ = io.Copy(back, server)
		client.Close()
	})
	w.requests(client, server, back)
}

// requests carries what the client sends: https://www.postgresql.org/docs/current/protocol-message-formats.html.
func (w *Wire) requests(client, server net.Conn, back *answers) {
	var seen commits
	head := make([]byte, 0, 5) // the first message has no type
	for size := 4; ; size = 5 {
		head = head[:size]
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, int(binary.BigEndian.Uint32(head[size-4:]))-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		if seen.commits(head[0], body) {
			switch w.fate() {
			case Unheard:
				return
			case Unanswered:
				back.lose()
			case Nothing:
			}
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// commits knows which messages commit something.
type commits struct {
	// alone are the prepared statements that write by themselves, as those in transactions do not begin.
	alone map[string]bool
}

// commits tells whether a message of the client commits something: a COMMIT, or the binding of a statement that is WITH
// and writes.
func (c *commits) commits(kind byte, body []byte) bool {
	switch kind {
	case 'Q':
		return bytes.HasPrefix(body, []byte("COMMIT"))
	case 'P':
		name, rest, _ := bytes.Cut(body, []byte{0})
		if bytes.HasPrefix(rest, []byte("WITH")) && bytes.Contains(rest, []byte("INSERT INTO")) {
			if c.alone == nil {
				c.alone = map[string]bool{}
			}
			c.alone[string(name)] = true
		}
	case 'B':
		_, rest, _ := bytes.Cut(body, []byte{0}) // behind the portal
		name, _, _ := bytes.Cut(rest, []byte{0})
		return c.alone[string(name)]
	}
	return false
}

// answers carries what the database sends, until an answer is to be lost: then it breaks the connection instead.
type answers struct {
	to   net.Conn
	mu   sync.Mutex
	lost bool
}

func (a *answers) lose() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = true
}

func (a *answers) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lost {
		return 0, io.ErrClosedPipe
	}
	return a.to.Write(p)
}
