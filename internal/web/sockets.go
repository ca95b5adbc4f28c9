package web

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"parley/internal/limit"
)

// connection is one that lives on behind the request that opened it.
type connection interface {
	// restart tells the client to connect again and ends the connection. It does not block.
	restart()
	// cut ends it at once.
	cut()
	// evict ends a connection of an anonymous client in favour of a newer one. It does not block.
	evict()
	// kind is what is spoken on it.
	kind() string
}

// One anonymous connection in so many of all is allowed, and of those one in so many from one
// address; and an address may have one in so many of all connections.
const (
	anonymousSocketParts        = 4
	anonymousAddressSocketParts = 10
	addressSocketParts          = 2
)

// connectionLimits are how many connections there may be at a time.
type connectionLimits struct {
	all, user, address, anonymous, anonymousAddress int
}

func connectionLimitsOf(limits Limits) connectionLimits {
	// Rounded up: a node that allows few connections allows at least one of each kind.
	part := func(n, parts int) int { return (n + parts - 1) / parts }
	anonymous := part(limits.Sockets, anonymousSocketParts)
	return connectionLimits{
		all:  limits.Sockets,
		user: limits.SocketsPerson,
		address: max(
			part(limits.Sockets, addressSocketParts),
			min(limits.Sockets, limits.SocketsPerson),
		),
		anonymous:        anonymous,
		anonymousAddress: part(anonymous, anonymousAddressSocketParts),
	}
}

// sockets are the open WebSockets and event streams of a server, and those still in their
// handshake.
type sockets struct {
	limits   connectionLimits
	memory   *limit.Memory
	reporter *limit.Reporter
	closed   func(code uint16) // is called for each socket that the server closes
	serving  sync.WaitGroup    // one for each admission until it is released

	mu        sync.Mutex
	open      map[connection]struct{}
	admitted  int
	refused   int64
	users     map[string]int
	addresses map[netip.Addr]int
	// anonymous are the admissions of anonymous clients, the oldest first; anonymousAddresses
	// counts them by address.
	anonymous          list.List // of *admission
	anonymousAddresses map[netip.Addr]int
	// evicted and evictedAddresses count the connections that have been evicted and are still
	// closing.
	evicted          int
	evictedAddresses map[netip.Addr]int
	stopped          bool
}

func newSockets(limits connectionLimits, memory *limit.Memory, reporter *limit.Reporter) *sockets {
	return &sockets{
		limits:             limits,
		memory:             memory,
		reporter:           reporter,
		open:               map[connection]struct{}{},
		users:              map[string]int{},
		addresses:          map[netip.Addr]int{},
		anonymousAddresses: map[netip.Addr]int{},
		evictedAddresses:   map[netip.Addr]int{},
	}
}

// admission is the right of a connection to be there: its place among the connections, and its
// memory.
type admission struct {
	sockets *sockets
	memory  limit.Reservation
	// Guarded by the lock of sockets. owner is who the connection counts for, connection is set by
	// add, and element is its place among the anonymous ones; evicted tells that it has been
	// evicted.
	owner      limit.Owner
	connection connection
	element    *list.Element
	evicted    bool
}

// errUserConnections, errAddressConnections and errConnections say which limit of connections is
// reached.
var (
	errUserConnections    = errors.New("a user has too many connections")
	errAddressConnections = errors.New("an address has too many connections")
	errConnections        = errors.New("there are too many connections")
)

// admit admits a connection of the client of ctx that takes so many bytes of memory, or returns why
// not. The caller releases the admission when everything that the connection needed has ended.
//
// If there are too many connections of anonymous clients, the oldest of them is closed instead:
// most clients identify themselves within moments.
func (ss *sockets) admit(ctx context.Context, bytes int64) (*admission, *refusal) {
	owner := ownerOf(ctx)
	memory, err := ss.memory.Reserve(owner, bytes)
	if err != nil {
		ss.count()
		return nil, noMemoryFor(err, "connections")
	}
	a := &admission{sockets: ss, memory: memory, owner: owner}
	evicted, f := ss.enter(a)
	if f != nil {
		a.memory.Release()
		return nil, f
	}
	if evicted != nil {
		evicted.evict()
	}
	return a, nil
}

// enter counts a connection. It returns the one that is closed in favour of it, if any.
func (ss *sockets) enter(a *admission) (evicted connection, f *refusal) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.stopped {
		return nil, unavailable("The server is stopping. Connect again.")
	}
	err := error(nil)
	if ss.admitted >= ss.limits.all {
		ss.reporter.Reached("sockets", "PARLEY_MAX_SOCKETS")
		err = errConnections
	}
	if err == nil {
		evicted, err = ss.claim(a, a.owner)
	}
	if err != nil {
		ss.refused++
		return nil, tooManyConnections(err)
	}
	ss.admitted++
	ss.serving.Add(1)
	return evicted, nil
}

// claim counts a connection for owner. The caller holds ss.mu.
func (ss *sockets) claim(a *admission, owner limit.Owner) (evicted connection, err error) {
	switch {
	case owner.User == "":
		if evicted, err = ss.makeRoom(owner.Address); err != nil {
			return nil, err
		}
		a.element = ss.anonymous.PushBack(a)
		ss.anonymousAddresses[owner.Address]++
	case ss.users[owner.User] >= ss.limits.user:
		ss.reporter.Reached("sockets_per_user", "")
		return nil, errUserConnections
	case ss.addresses[owner.Address] >= ss.limits.address && owner.Address.IsValid():
		ss.reporter.Reached("sockets_per_address", "PARLEY_MAX_SOCKETS")
		return nil, errAddressConnections
	default:
		ss.users[owner.User]++
		ss.addresses[owner.Address]++
	}
	a.owner = owner
	return evicted, nil
}

// makeRoom makes room for a connection of an anonymous client. Evicted connections take a moment to
// close: as many of them are allowed as of others, so that clients that do not close theirs cannot
// pile them up. The caller holds ss.mu.
func (ss *sockets) makeRoom(address netip.Addr) (evicted connection, err error) {
	full := ss.anonymous.Len() >= ss.limits.anonymous
	addressFull := address.IsValid() && ss.anonymousAddresses[address] >= ss.limits.anonymousAddress
	if !full && !addressFull {
		return nil, nil //nolint:nilnil // there is room
	}
	ss.reporter.Reached("anonymous_sockets", "PARLEY_MAX_SOCKETS")
	switch {
	case ss.evicted >= ss.limits.anonymous:
		return nil, errConnections
	case ss.evictedAddresses[address] >= ss.limits.anonymousAddress && address.IsValid():
		return nil, errAddressConnections
	}
	for e := ss.anonymous.Front(); e != nil; e = e.Next() {
		a, ok := e.Value.(*admission)
		if !ok || a.connection == nil || addressFull && a.owner.Address != address {
			continue
		}
		ss.unclaim(a)
		a.evicted = true
		ss.evicted++
		ss.evictedAddresses[a.owner.Address]++
		return a.connection, nil
	}
	if addressFull && !full {
		return nil, errAddressConnections
	}
	return nil, errConnections
}

// unclaim counts a connection for its owner no more. The caller holds ss.mu.
func (ss *sockets) unclaim(a *admission) {
	switch {
	case a.owner.User != "":
		decrement(ss.users, a.owner.User)
		decrement(ss.addresses, a.owner.Address)
	case a.element != nil: // otherwise it has been evicted
		ss.anonymous.Remove(a.element)
		a.element = nil
		decrement(ss.anonymousAddresses, a.owner.Address)
	}
}

func decrement[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// identify makes the connection of an anonymous client count for the user that it has proved to be.
func (a *admission) identify(owner limit.Owner) error {
	if owner.User == "" || a.owner.User != "" {
		return nil
	}
	memory, err := a.sockets.memory.Reserve(owner, a.memory.Bytes())
	if err != nil {
		return err
	}
	if err := a.sockets.reclaim(a, owner); err != nil {
		memory.Release()
		return err
	}
	a.memory.Release()
	a.memory = memory
	return nil
}

// reclaim counts a connection for another owner.
func (ss *sockets) reclaim(a *admission, owner limit.Owner) error {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	before := *a
	if _, err := ss.claim(a, owner); err != nil {
		return err
	}
	ss.unclaim(&before)
	a.element = nil
	return nil
}

// release ends an admission.
func (a *admission) release() {
	a.memory.Release()
	a.sockets.leave(a)
}

func (ss *sockets) leave(a *admission) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.unclaim(a)
	if a.evicted {
		ss.evicted--
		decrement(ss.evictedAddresses, a.owner.Address)
	}
	ss.admitted--
	ss.serving.Done()
}

// count counts a connection that was refused.
func (ss *sockets) count() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.refused++
}

// tooManyConnections is the refusal for an error of admit.
func tooManyConnections(err error) *refusal {
	switch {
	case errors.Is(err, errUserConnections):
		return tooOften(
			"Too many sockets and event streams of one user: close one first.",
			comeBack,
		)
	case errors.Is(err, errAddressConnections):
		return tooOften(
			"Too many sockets and event streams from one address. Try again later.",
			comeBack,
		)
	default:
		return unavailable("The server has no room for more connections. Try again later.")
	}
}

// add makes shutdown close s; where that has begun since it was admitted, s is closed at once.
func (ss *sockets) add(s connection, a *admission) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.open[s] = struct{}{}
	a.connection = s
	if ss.stopped {
		s.restart()
	}
}

func (ss *sockets) remove(s connection) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, s)
}

// kinds counts the connections that are open, by what is spoken on them.
func (ss *sockets) kinds() map[string]int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	kinds := make(map[string]int)
	for s := range ss.open {
		kinds[s.kind()]++
	}
	return kinds
}

// Room is how many connections there are.
type Room struct {
	// Open is how many WebSockets and event streams there are, Anonymous how many of them have not
	// shown a token, and Refused how many have been refused so far.
	Open, Anonymous, Refused int64
}

func (ss *sockets) now() Room {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return Room{Open: int64(ss.admitted), Anonymous: int64(ss.anonymous.Len()), Refused: ss.refused}
}

func (ss *sockets) stopping() bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.stopped
}

// shutdown is [Server.Shutdown].
func (ss *sockets) shutdown(ctx context.Context) error {
	ss.each(connection.restart)
	done := make(chan struct{})
	go func() { // ends with the last socket: they are closed above, or dropped below
		defer close(done)
		ss.serving.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		ss.each(connection.cut)
		return fmt.Errorf("close websockets: %w", ctx.Err())
	}
}

// each lets no more sockets in and calls f, which does not block, for those that are.
func (ss *sockets) each(f func(connection)) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.stopped = true
	for s := range ss.open {
		f(s)
	}
}
