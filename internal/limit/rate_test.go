package limit_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"parley/internal/limit"
)

func from(t *testing.T, address string) context.Context {
	t.Helper()
	return limit.NewContext(t.Context(), netip.MustParseAddr(address))
}

func TestRateLimiter(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	l := limit.NewRateLimiter(
		limit.RateLimits{
			User:    limit.Rate{Burst: 2, Every: day},
			Address: limit.Rate{Burst: 3, Every: day},
		},
	)
	take := func(address, user string, want bool) {
		t.Helper()
		if got := l.Take(from(t, address), user, 1) == 0; got != want {
			t.Errorf("%s from %s: %v, want %v", user, address, got, want)
		}
	}
	take("192.0.2.1", "ann", true)
	take("192.0.2.2", "ann", true)
	take("192.0.2.3", "ann", false) // a user has one limit for all addresses
	take("::ffff:192.0.2.1", "bob", true)
	take("192.0.2.1", "", true)
	take("192.0.2.1", "bob", false) // the limit of the address
	take("192.0.2.9", "bob", true)  // the refused call took nothing of the user's limit
	take("2001:db8:0:1::1", "c", true)
	take("2001:db8:0:1::2", "d", true)
	take("2001:db8:0:1:ffff::", "e", true)
	take("2001:db8:0:1::3", "f", false)
	take("2001:db8:0:2::3", "f", true)
	if n := l.Refused(); n != 3 {
		t.Errorf("%d refused", n)
	}
	l.Refund(from(t, "192.0.2.1"), "ann", 1)
	take("192.0.2.1", "ann", true)
	if l.Take(t.Context(), "", 1) != 0 {
		t.Error("a request without a user and an address is limited")
	}
}

func TestRateLimiterExemptsLoopback(t *testing.T) {
	t.Parallel()
	once := limit.Rate{Burst: 1, Every: time.Hour, Remote: true}
	l := limit.NewRateLimiter(limit.RateLimits{User: once, Address: once})
	for _, local := range []string{"127.0.0.1", "::1", "::ffff:127.1.2.3"} {
		for range 3 {
			if wait := l.Take(from(t, local), "ann", 1); wait != 0 {
				t.Errorf("from %s: wait %v", local, wait)
			}
		}
	}
	l.Take(from(t, "192.0.2.1"), "ann", 1)
	if l.Take(from(t, "192.0.2.1"), "ann", 1) == 0 {
		t.Error("a remote address is not limited")
	}
	if limit.NewRateLimiter(limit.RateLimits{}) != nil {
		t.Error("a limiter without limits is not nil")
	}
	var unlimited *limit.RateLimiter
	unlimited.Refund(t.Context(), "ann", 1)
	if unlimited.Take(t.Context(), "ann", 1) != 0 || unlimited.Refused() != 0 {
		t.Error("a nil limiter refuses")
	}
}
