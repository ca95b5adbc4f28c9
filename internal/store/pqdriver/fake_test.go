package pqdriver_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// fakePostgres speaks enough of PostgreSQL's protocol
// (https://www.postgresql.org/docs/current/protocol-message-formats.html) to misbehave: each test
// sets the response to a query. It responds to a prepared query when that is parsed.
type fakePostgres struct {
	answer func(query string) response

	mu           sync.Mutex
	connections  []net.Conn
	terminations int
	queries      []string // that arrived, on all connections
}

// response is the response of the fake server to a query. The zero value is success.
type response struct {
	severity, code string // of an error, if not empty
	disconnect     bool   // without a ReadyForQuery, and without any response if there is no error
}

// newFakePostgres starts a server and returns its URL.
func newFakePostgres(t *testing.T, respond func(query string) response) (*fakePostgres, string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakePostgres{answer: respond}
	var wg sync.WaitGroup
	wg.Go(func() { // ends when the listener is closed
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { // ends when either side disconnects
				defer conn.Close()
				if err := f.serve(
					conn,
				); err != nil && !errors.Is(err, io.EOF) &&
					!errors.Is(err, net.ErrClosed) {
					t.Log("fake server: ", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		wg.Wait()
	})
	return f, fmt.Sprintf("postgres://u@%s/db?sslmode=disable", listener.Addr())
}

// count returns how often a query arrived.
func (f *fakePostgres) count(query string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, q := range f.queries {
		if q == query {
			n++
		}
	}
	return n
}

// accepted returns the number of connections that were made.
func (f *fakePostgres) accepted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.connections)
}

// terminated returns the number of connections that were closed with a Terminate message.
func (f *fakePostgres) terminated() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.terminations
}

// reset resets all connections.
func (f *fakePostgres) reset(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.connections {
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			t.Fatalf("a connection is a %T", conn)
		}
		if err := errors.Join(tcp.SetLinger(0), tcp.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	// oneParameter is a ParameterDescription: an int4.
	oneParameter = "\x00\x01\x00\x00\x00\x17"
	// oneColumn is a RowDescription: an int4 called n, as text.
	oneColumn = "\x00\x01n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"
	// textOne and binaryOne are DataRows: 1.
	textOne   = "\x00\x01\x00\x00\x00\x011"
	binaryOne = "\x00\x01\x00\x00\x00\x04\x00\x00\x00\x01"
)

// serve runs one connection, up to its end.
func (f *fakePostgres) serve(conn net.Conn) error {
	f.mu.Lock()
	f.connections = append(f.connections, conn)
	f.mu.Unlock()
	r := bufio.NewReader(conn)
	if _, err := readBody(r); err != nil { // the startup message has no kind
		return err
	}
	send := func(kind byte, body string) {
		msg := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
		_, _ = conn.Write(append(msg, body...)) // reading detects a client that has disconnected
	}
	status := "I"
	send('R', "\x00\x00\x00\x00") // AuthenticationOk
	send('Z', status)
	failed := false // skip the rest up to the Sync
	row := binaryOne
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return err
		}
		body, err := readBody(r)
		if err != nil {
			return err
		}
		switch kind {
		case 'X':
			f.mu.Lock()
			f.terminations++
			f.mu.Unlock()
			return nil
		case 'S':
			failed = false
			send('Z', status)
			continue
		case 'Q', 'P':
		default:
			if failed {
				continue
			}
			switch kind {
			case 'D':
				row = binaryOne // requested if the client knows that the column is an int4
				if strings.HasPrefix(body, "P") {
					row = textOne // a portal requests text
				} else {
					send('t', oneParameter)
				}
				send('T', oneColumn)
			case 'B':
				send('2', "")
			case 'E':
				send('D', row)
				send('C', "SELECT 1\x00")
			default:
				return fmt.Errorf("message %q", kind)
			}
			continue
		}

		query := strings.TrimSuffix(body, "\x00")
		if kind == 'P' {
			_, query, _ = strings.Cut(body, "\x00") // after the statement's name
			query, _, _ = strings.Cut(query, "\x00")
		}
		f.mu.Lock()
		f.queries = append(f.queries, query)
		f.mu.Unlock()
		a := f.answer(query)
		if a.code != "" {
			failed = true
			send('E', "S"+a.severity+"\x00C"+a.code+"\x00Mtold to fail\x00\x00")
		}
		if a.disconnect {
			return nil
		}
		if kind == 'P' {
			if !failed {
				send('1', "")
			}
			continue
		}
		tag, _, _ := strings.Cut(query, " ")
		if !failed {
			switch tag {
			case "BEGIN":
				status = "T"
			case "COMMIT", "ROLLBACK":
				status = "I"
			case "SELECT":
				send('T', oneColumn)
				send('D', textOne)
				tag = "SELECT 1"
			}
			send('C', tag+"\x00")
		}
		failed = false
		send('Z', status)
	}
}

// readBody reads the length of a message and then the rest of it.
func readBody(r io.Reader) (string, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(length[:])-4)
	_, err := io.ReadFull(r, body)
	return string(body), err
}
