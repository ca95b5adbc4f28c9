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

func TestGate(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	g := limit.NewGate(
		limit.Rate{
			Person:  limit.Pace{Burst: 2, Every: day},
			Address: limit.Pace{Burst: 3, Every: day},
		},
	)
	take := func(address, person string, want bool) {
		t.Helper()
		if got := g.Take(from(t, address), person, 1) == 0; got != want {
			t.Errorf("%s from %s: %v; want %v", person, address, got, want)
		}
	}
	take("192.0.2.1", "ann", true)
	take("192.0.2.2", "ann", true)
	take("192.0.2.3", "ann", false) // wherever she is
	take("::ffff:192.0.2.1", "bob", true)
	take("192.0.2.1", "", true)
	take("192.0.2.1", "bob", false) // too many of one address
	take("192.0.2.9", "bob", true)  // which has cost bob nothing
	take("2001:db8:0:1::1", "c", true)
	take("2001:db8:0:1::2", "d", true)
	take("2001:db8:0:1:ffff::", "e", true)
	take("2001:db8:0:1::3", "f", false)
	take("2001:db8:0:2::3", "f", true)
	if n := g.Refused(); n != 3 {
		t.Errorf("%d refused", n)
	}
	g.GiveBack(from(t, "192.0.2.1"), "ann", 1)
	take("192.0.2.1", "ann", true)
	if g.Take(t.Context(), "", 1) != 0 {
		t.Error("nobody from nowhere is nobody's limit")
	}
}

func TestGateForOtherMachines(t *testing.T) {
	t.Parallel()
	once := limit.Pace{Burst: 1, Every: time.Hour, Remote: true}
	g := limit.NewGate(limit.Rate{Person: once, Address: once})
	for _, local := range []string{"127.0.0.1", "::1", "::ffff:127.1.2.3"} {
		for range 3 {
			if wait := g.Take(from(t, local), "ann", 1); wait != 0 {
				t.Errorf("from %s: wait %v", local, wait)
			}
		}
	}
	g.Take(from(t, "192.0.2.1"), "ann", 1)
	if g.Take(from(t, "192.0.2.1"), "ann", 1) == 0 {
		t.Error("another machine is not limited")
	}
	if limit.NewGate(limit.Rate{}) != nil {
		t.Error("a gate without a limit")
	}
	var open *limit.Gate
	open.GiveBack(t.Context(), "ann", 1)
	if open.Take(t.Context(), "ann", 1) != 0 || open.Refused() != 0 {
		t.Error("no gate is closed")
	}
}
