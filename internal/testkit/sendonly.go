package testkit

import (
	"net"
	"net/http"
	"testing"
)

// SendOnly sends a request on a connection of its own, and does not read the response. The connection
// is closed at the end of the test.
func SendOnly(t testing.TB, req *http.Request) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	return conn
}
