package limit

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"
)

// Rate is how often one thing may be done by a person, whatever addresses they come from, and from
// an address, by whomever.
type Rate struct {
	Person, Address Pace
	// Refused, if set, is called when something is refused. It must not block.
	Refused func()
}

// Gates has one for each thing that is limited. A nil Gate lets everything through.
type Gates struct {
	// Mutations counts the root fields of mutations, SignIns the signIn among them, Keys the wrong
	// keys of rooms that were tried, Connections new WebSockets and event streams, Subscriptions
	// new ones, and Queries the cost of queries.
	Mutations, SignIns, Keys, Connections, Subscriptions, Queries *Gate
}

// Gate lets one thing be done at a rate. Each node counts for itself.
type Gate struct {
	rate      Rate
	people    *Buckets[string]     // nil: no limit
	addresses *Buckets[netip.Addr] // nil: no limit
	refused   atomic.Int64
}

// NewGate returns a gate; nil where the rate is no limit.
func NewGate(rate Rate) *Gate {
	g := &Gate{rate: rate}
	if rate.Person.limits() {
		g.people = NewBuckets[string](rate.Person)
	}
	if rate.Address.limits() {
		g.addresses = NewBuckets[netip.Addr](rate.Address)
	}
	if g.people == nil && g.addresses == nil {
		return nil
	}
	return g
}

// longestPerson is the longest id, in bytes, by which somebody is counted: people have 128
// characters at most.
const longestPerson = 512

// Take asks to do something n times, for a person ("" where that is not known) and the address that
// ctx carries. 0 is yes, and it is counted; else nothing is, and it is how long to wait before
// asking again.
func (g *Gate) Take(ctx context.Context, person string, n int) (wait time.Duration) {
	if g == nil {
		return 0
	}
	address := Address(ctx)
	people, addresses := g.who(person, address)
	if people {
		wait = g.people.Take(person, n)
	}
	if wait == 0 && addresses {
		if wait = g.addresses.Take(Network(address), n); wait > 0 && people {
			g.people.GiveBack(person, n)
		}
	}
	if wait > 0 {
		g.refuse()
	}
	return wait
}

// TakePerson is Take for a person alone, whose address was asked for before it was known who they
// are.
func (g *Gate) TakePerson(ctx context.Context, person string, n int) (wait time.Duration) {
	if g == nil {
		return 0
	}
	if people, _ := g.who(person, Address(ctx)); people {
		wait = g.people.Take(person, n)
	}
	if wait > 0 {
		g.refuse()
	}
	return wait
}

func (g *Gate) refuse() {
	g.refused.Add(1)
	if g.rate.Refused != nil {
		g.rate.Refused()
	}
}

// GiveBack takes back what was counted, with the same arguments.
func (g *Gate) GiveBack(ctx context.Context, person string, n int) {
	if g == nil {
		return
	}
	address := Address(ctx)
	people, addresses := g.who(person, address)
	if people {
		g.people.GiveBack(person, n)
	}
	if addresses {
		g.addresses.GiveBack(Network(address), n)
	}
}

// who tells for whom there is a limit.
func (g *Gate) who(person string, address netip.Addr) (people, addresses bool) {
	remote := !address.Unmap().IsLoopback()
	people = g.people != nil && (remote || !g.rate.Person.Remote) && person != "" &&
		len(person) <= longestPerson
	addresses = g.addresses != nil && (remote || !g.rate.Address.Remote) && address.IsValid()
	return people, addresses
}

// Refused is how often the answer was no.
func (g *Gate) Refused() int64 {
	if g == nil {
		return 0
	}
	return g.refused.Load()
}
