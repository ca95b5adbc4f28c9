package graph_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"parley/graph/exec"
	"parley/graph/generated"
	"parley/graph/guard"
	"parley/internal/testkit"
)

// expanding is an operation that is much larger when its fragments are expanded. of has a place for
// its fields.
func expanding(of string, members int) string {
	var fields strings.Builder
	for i := range members {
		fmt.Fprintf(&fields, "a%d: members(first: 1) { ...M } ", i)
	}
	return fmt.Sprintf(of, fields.String()) + `
fragment M on RoomMemberConnection { nodes { ...U } edges { node { ...U } member { user { ...U } } } }
fragment U on User { id nickName avatar status ethWalletAddress ensName createdAt addPermission
	twitter { username avatar } discord { username avatar } instagram { username avatar }
	facebook { username avatar } opensea { username avatar } }`
}

// TestPlanSize compares the estimate of a document's memory with what its plans take.
func TestPlanSize(t *testing.T) {
	es := generated.NewExecutableSchema(generated.Config{})
	tables := generated.NewExecSchema(es)
	for name, text := range map[string]string{
		"small":        `{ myRoomIds }`,
		"query":        expanding(`query { roomInfo(roomId: "x") { %s } }`, 48),
		"subscription": expanding(`subscription { roomEvents(roomId: "x") { room { %s } } }`, 4),
		"interface":    expanding(`query { node(id: "x") { ... on Room { %s } } }`, 48),
	} {
		parsed, err := guard.Parse(text, 0)
		if err != nil {
			t.Fatal(name, err)
		}
		document, errs := guard.Validate(es.Schema(), text, parsed, false)
		if len(errs) > 0 {
			t.Fatal(name, errs)
		}
		const n = 20
		plans := make([]*exec.Plan, n)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range plans {
			plans[i] = tables.Plan(parsed.Operations[0], nil)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		took := int(after.HeapAlloc-before.HeapAlloc) / n
		t.Logf("%s: a plan takes %d, the document is estimated at %d", name, took, document.Bytes())
		if took > document.Bytes() {
			t.Errorf("%s: a plan takes %d, and its document is estimated at %d",
				name, took, document.Bytes())
		}
		runtime.KeepAlive(plans)
	}
}

// TestExpandedFields: a field of an interface counts once for each object type that it is compiled
// for.
func TestExpandedFields(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		large := expanding(`subscription { roomEvents(roomId: "x") { room { %s } } }`, 48)
		if e := alice.Subscribe(large, nil).Error(); e.Extensions["code"] != "TOO_COMPLEX" {
			t.Errorf("a subscription of 49,000 fields: %+v", e)
		}
		one := `subscription { roomEvents(roomId: "x") { ... on RoomUpdated { room { %s } } } }`
		if e := alice.Subscribe(expanding(one, 4), nil).
			Error(); e.Extensions["code"] != "NOT_FOUND" {
			t.Errorf("a subscription to one type of event: %+v", e)
		}
	})
}
