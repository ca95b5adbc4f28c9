package testkit

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Wire is the network between a server and its PostgreSQL, which a test can break.
type Wire struct {
	Link
	// URL is the database's, by way of the wire.
	URL string

	losses sync.Mutex
	loss   Loss
	// responses are those to each connection.
	responses map[net.Conn]*responseWriter
}

// Loss is what becomes of a COMMIT, or of a statement that writes by itself.
type Loss int

// The connection stays, or it breaks before the COMMIT reaches the database, or after the database
// has executed it: before the response, or in the middle of it.
const (
	NoLoss Loss = iota
	RequestLost
	ResponseLost
	ResponseCut
)

// DatabaseAddress is where the PostgreSQL that databaseURL names listens, and its URL by way of
// another address, without TLS.
func DatabaseAddress(
	t testing.TB,
	databaseURL string,
) (network, address string, through func(address string) string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal("the database's URL: ", err)
	}
	network, address = "tcp", u.Host
	query := u.Query()
	port := cmp.Or(query.Get("port"), "5432")
	if dir := query.Get("host"); dir != "" {
		network, address = "unix", dir+"/.s.PGSQL."+port
	} else if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), port)
	}
	query.Del("host")
	query.Del("port")
	query.Set("sslmode", "disable")
	return network, address, func(address string) string {
		other := *u
		other.Host, other.RawQuery = address, query.Encode()
		return other.String()
	}
}

// NewWire returns a wire to the database that databaseURL names, without TLS. It ends with the
// test: start the server that uses it afterwards, so that it ends first.
func NewWire(t testing.TB, databaseURL string) *Wire {
	t.Helper()
	network, address, through := DatabaseAddress(t, databaseURL)
	w := &Wire{responses: map[net.Conn]*responseWriter{}}
	w.forth = func(client, server net.Conn) { w.forwardRequests(client, server, w.responsesTo(client)) }
	w.back = func(client, server net.Conn) { _, _ = io.Copy(w.responsesTo(client), server) }
	w.open(t, network, address)
	w.URL = through(w.Addr)
	return w
}

// responsesTo returns the writer of the responses to a client.
func (w *Wire) responsesTo(client net.Conn) *responseWriter {
	w.losses.Lock()
	defer w.losses.Unlock()
	if w.responses[client] == nil {
		w.responses[client] = &responseWriter{to: client}
	}
	return w.responses[client]
}

// LoseCommit breaks the connection on which the next COMMIT is sent, or the next statement that
// writes by itself.
func (w *Wire) LoseCommit(loss Loss) {
	w.losses.Lock()
	defer w.losses.Unlock()
	w.loss = loss
}

// nextLoss returns what happens to the COMMIT that is being sent.
func (w *Wire) nextLoss() Loss {
	w.losses.Lock()
	defer w.losses.Unlock()
	loss := w.loss
	w.loss = NoLoss
	return loss
}

// forwardRequests forwards what the client sends:
// https://www.postgresql.org/docs/current/protocol-message-formats.html.
func (w *Wire) forwardRequests(client, server net.Conn, back *responseWriter) {
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
			switch w.nextLoss() {
			case RequestLost:
				return
			case ResponseLost:
				back.lose(false)
			case ResponseCut:
				back.lose(true)
			case NoLoss:
			}
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return
		}
	}
}

// commits knows which messages commit something.
type commits struct {
	// alone are the prepared statements that write by themselves, as those in transactions do not
	// begin.
	alone map[string]bool
}

// commits tells whether a message of the client commits something: a COMMIT, or the binding of a
// statement that is WITH and writes.
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

// responseWriter forwards what the database sends, until a response is to be lost: then it breaks
// the connection instead.
type responseWriter struct {
	to   net.Conn
	mu   sync.Mutex
	lost bool
	// half: the rows of the answer arrive, and nothing behind them. rest is the beginning of a
	// message.
	half bool
	rest []byte
}

// lose makes the next response be lost, or its end.
func (a *responseWriter) lose(half bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost, a.half = true, half
}

func (a *responseWriter) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !a.lost:
		return a.to.Write(p)
	case !a.half:
		return 0, io.ErrClosedPipe
	}
	a.rest = append(a.rest, p...)
	for len(a.rest) >= 5 {
		size := 1 + int(binary.BigEndian.Uint32(a.rest[1:]))
		if len(a.rest) < size {
			break
		}
		switch a.rest[0] {
		case 'C': // CommandComplete
		case 'Z': // ReadyForQuery: it is committed
			return 0, io.ErrClosedPipe
		default:
			if _, err := a.to.Write(a.rest[:size]); err != nil {
				return 0, err
			}
		}
		a.rest = a.rest[size:]
	}
	return len(p), nil
}
