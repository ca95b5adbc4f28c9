package web_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"parley/internal/web"
)

// TestClient: the client is the last address of the chain that is not a trusted proxy.
func TestClient(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	}
	for _, test := range []struct {
		peer, header, value, want string
		ignored                   bool
	}{
		{"10.0.0.1", "X-Forwarded-For", "", "10.0.0.1", false},
		{"10.0.0.1", "X-Forwarded-For", "192.0.2.1", "192.0.2.1", false},
		{"[::1]", "X-Forwarded-For", "192.0.2.1:4711", "192.0.2.1", false},
		{"[::ffff:10.0.0.1]", "X-Forwarded-For", "::ffff:192.0.2.1", "192.0.2.1", false},
		{"10.0.0.1", "X-Forwarded-For", "192.0.2.9, 192.0.2.1, 10.0.0.2", "192.0.2.1", false},
		{"192.0.2.7", "X-Forwarded-For", "192.0.2.1", "192.0.2.7", true},
		{"10.0.0.1", "Forwarded", `for=192.0.2.9, For="[2001:db8::1]:80";by=x`, "2001:db8::1", false},
		{"10.0.0.1", "Forwarded", `for="192.0.2.9, for=192.0.2.1`, "192.0.2.1", false},
		// realclientip-go returns "" for these three.
		{"10.0.0.1", "X-Forwarded-For", "10.0.0.3, 10.0.0.2", "10.0.0.3", false},
		{"10.0.0.1", "X-Forwarded-For", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2", false},
		{"10.0.0.1", "Forwarded", "for=_hidden, for=10.0.0.2", "10.0.0.2", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = test.peer + ":1234"
		if test.value != "" {
			r.Header.Set(test.header, test.value)
		}
		proxies := web.Proxies{Trusted: trusted, Forwarded: test.header == "Forwarded"}
		address, ignored := proxies.Client(r)
		if address.String() != test.want || ignored != test.ignored {
			t.Errorf("%s, %s: %s: %v, ignored %v; want %s, %v", test.peer, test.header,
				test.value, address, ignored, test.want, test.ignored)
		}
	}
}
