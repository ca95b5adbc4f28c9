package limit

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"
)

// Rate is the rate of a token bucket: a bucket holds Burst tokens, and one token is added each
// Every. The zero Rate is no limit.
type Rate struct {
	Burst int
	Every time.Duration
	// Remote exempts clients on this machine (loopback addresses) from the limit.
	Remote bool
}

// limited reports whether the rate is a limit.
func (r Rate) limited() bool { return r.Burst > 0 && r.Every > 0 }

// RateLimits are the limits of a [RateLimiter]. User applies to each user, from whatever addresses
// the user's requests come. Address applies to each address, over all users. A zero Rate is no
// limit.
type RateLimits struct {
	User, Address Rate
	// Refused, if set, is called when a request is refused. It must not block.
	Refused func()
}

// RateLimiters has a limiter for each kind of request. A nil limiter is no limit.
type RateLimiters struct {
	// Mutations limits the root fields of mutations, SignIns the signIn fields among them, Tokens the
	// rejected tokens, Keys the wrong room keys, Connections the new WebSockets and event streams,
	// Subscriptions the new subscriptions, and Queries the cost of queries.
	Mutations, SignIns, Tokens, Keys, Connections, Subscriptions, Queries *RateLimiter
}

// RateLimiter limits one kind of request for each user and for each address. Each node counts for
// itself.
//
// A nil RateLimiter is no limit. All methods are safe for concurrent use.
type RateLimiter struct {
	limits    RateLimits
	users     *KeyedLimiter[string]     // nil: no limit
	addresses *KeyedLimiter[netip.Addr] // nil: no limit
	refused   atomic.Int64
}

// NewRateLimiter returns a limiter with full buckets, or nil if limits has no limit.
func NewRateLimiter(limits RateLimits) *RateLimiter {
	l := &RateLimiter{limits: limits}
	if limits.User.limited() {
		l.users = NewKeyedLimiter[string](limits.User)
	}
	if limits.Address.limited() {
		l.addresses = NewKeyedLimiter[netip.Addr](limits.Address)
	}
	if l.users == nil && l.addresses == nil {
		return nil
	}
	return l
}

// maxUserIDBytes is the length of the longest user id that is counted, in bytes. A user's id has at
// most 128 characters.
const maxUserIDBytes = 512

// Take takes n tokens of user ("" if unknown) and n of the address that ctx carries. It returns 0 if
// both have them. Otherwise it takes none and returns the time to wait before the next attempt.
func (l *RateLimiter) Take(ctx context.Context, user string, n int) (wait time.Duration) {
	if l == nil {
		return 0
	}
	address := Address(ctx)
	users, addresses := l.applies(user, address)
	if users {
		wait = l.users.Take(user, n)
	}
	if wait == 0 && addresses {
		if wait = l.addresses.Take(Network(address), n); wait > 0 && users {
			l.users.Refund(user, n)
		}
	}
	if wait > 0 {
		l.refuse()
	}
	return wait
}

// TakeUser is like Take, but takes tokens of the user only. It is for clients that prove their user
// after Take has counted their address.
func (l *RateLimiter) TakeUser(ctx context.Context, user string, n int) (wait time.Duration) {
	if l == nil {
		return 0
	}
	if users, _ := l.applies(user, Address(ctx)); users {
		wait = l.users.Take(user, n)
	}
	if wait > 0 {
		l.refuse()
	}
	return wait
}

func (l *RateLimiter) refuse() {
	l.refused.Add(1)
	if l.limits.Refused != nil {
		l.limits.Refused()
	}
}

// Refund returns the tokens that Take has taken for the same arguments.
func (l *RateLimiter) Refund(ctx context.Context, user string, n int) {
	if l == nil {
		return
	}
	address := Address(ctx)
	users, addresses := l.applies(user, address)
	if users {
		l.users.Refund(user, n)
	}
	if addresses {
		l.addresses.Refund(Network(address), n)
	}
}

// applies reports whether the limit for users applies to user, and the one for addresses to address.
func (l *RateLimiter) applies(user string, address netip.Addr) (users, addresses bool) {
	remote := !address.Unmap().IsLoopback()
	users = l.users != nil && (remote || !l.limits.User.Remote) && user != "" &&
		len(user) <= maxUserIDBytes
	addresses = l.addresses != nil && (remote || !l.limits.Address.Remote) && address.IsValid()
	return users, addresses
}

// Refused returns how many calls of Take and TakeUser have been refused.
func (l *RateLimiter) Refused() int64 {
	if l == nil {
		return 0
	}
	return l.refused.Load()
}
