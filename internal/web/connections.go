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

// trackedConn is a connection that outlives the request that opened it.
type trackedConn interface {
	// restart asks the client to reconnect and closes the connection. It does not block.
	restart()
	// abort closes the connection at once.
	abort()
	// evict closes the connection of an anonymous client in favour of a newer one. It does not
	// block.
	evict()
	// kind returns the protocol of the connection: see [ConnectionKinds].
	kind() string
}

// Anonymous clients may have 1/anonymousConnParts of all connections, those of one address
// 1/anonymousAddressConnParts of these, and the users of one address 1/addressConnParts of all.
const (
	anonymousConnParts        = 4
	anonymousAddressConnParts = 10
	addressConnParts          = 2
)

// connectionLimits are the maximum numbers of open connections.
type connectionLimits struct {
	all, user, address, anonymous, anonymousAddress int
}

func connectionLimitsOf(limits Limits) connectionLimits {
	// Round up, so that a node that allows few connections allows at least one of each kind.
	part := func(n, parts int) int { return (n + parts - 1) / parts }
	anonymous := part(limits.Sockets, anonymousConnParts)
	return connectionLimits{
		all:  limits.Sockets,
		user: limits.SocketsPerUser,
		address: max(
			part(limits.Sockets, addressConnParts),
			min(limits.Sockets, limits.SocketsPerUser),
		),
		anonymous:        anonymous,
		anonymousAddress: part(anonymous, anonymousAddressConnParts),
	}
}

// connections has the open WebSockets and event streams of a server, including those that are still
// in their handshake, and limits their number.
type connections struct {
	limits     connectionLimits
	memory     *limit.Memory
	reporter   *limit.Reporter
	closed     func(code uint16) // called for each WebSocket that the server closes
	admissions sync.WaitGroup    // the admissions that have not been released

	mu        sync.Mutex
	open      map[trackedConn]struct{}
	admitted  int
	refused   int64
	users     map[string]int
	addresses map[netip.Addr]int
	// anonymous has the admissions of anonymous clients, the oldest first. anonymousAddresses counts
	// them by address.
	anonymous          list.List // of *admission
	anonymousAddresses map[netip.Addr]int
	// evicted and evictedAddresses count the evicted connections that are still closing.
	evicted          int
	evictedAddresses map[netip.Addr]int
	stopped          bool
}

func newConnections(
	limits connectionLimits,
	memory *limit.Memory,
	reporter *limit.Reporter,
) *connections {
	return &connections{
		limits:             limits,
		memory:             memory,
		reporter:           reporter,
		open:               map[trackedConn]struct{}{},
		users:              map[string]int{},
		addresses:          map[netip.Addr]int{},
		anonymousAddresses: map[netip.Addr]int{},
		evictedAddresses:   map[netip.Addr]int{},
	}
}

// admission is the right of a connection to be open, with its memory.
type admission struct {
	connections *connections
	memory      limit.Reservation
	// The fields below are guarded by the lock of connections. owner is the owner that the
	// connection counts for. connection is set by track. element is the place among the anonymous
	// connections. evicted is whether the connection has been evicted.
	owner      limit.Owner
	connection trackedConn
	element    *list.Element
	evicted    bool
}

// The errors of [connections.count] and [connections.add] name the limit that is reached.
var (
	errUserConnections    = errors.New("a user has too many connections")
	errAddressConnections = errors.New("an address has too many connections")
	errConnections        = errors.New("there are too many connections")
)

// admit admits a connection of the client of ctx that takes so many bytes of memory, or returns a
// refusal. The caller must release the admission when all work for the connection has ended.
//
// If there are too many anonymous connections, admit evicts the oldest: most clients identify
// themselves within moments.
func (ss *connections) admit(ctx context.Context, bytes int64) (*admission, *refusal) {
	owner := ownerOf(ctx)
	memory, err := ss.memory.Reserve(owner, bytes)
	if err != nil {
		ss.countRefused()
		return nil, memoryRefusal(err, "connections")
	}
	a := &admission{connections: ss, memory: memory, owner: owner}
	evicted, f := ss.add(a)
	if f != nil {
		a.memory.Release()
		return nil, f
	}
	if evicted != nil {
		evicted.evict()
	}
	return a, nil
}

// add counts a connection. It returns the connection to evict in favour of it, if any.
func (ss *connections) add(a *admission) (evicted trackedConn, f *refusal) {
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
		evicted, err = ss.count(a, a.owner)
	}
	if err != nil {
		ss.refused++
		return nil, connectionRefusal(err)
	}
	ss.admitted++
	ss.admissions.Add(1)
	return evicted, nil
}

// count counts a connection for owner. The caller holds ss.mu.
func (ss *connections) count(a *admission, owner limit.Owner) (evicted trackedConn, err error) {
	switch {
	case owner.User == "":
		if evicted, err = ss.evictAnonymous(owner.Address); err != nil {
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

// evictAnonymous returns the connection to evict in favour of a new anonymous one, if any. Evicted
// connections take a moment to close. There may be as many of them as of other anonymous ones, so
// that clients that do not close theirs cannot accumulate them. The caller holds ss.mu.
func (ss *connections) evictAnonymous(address netip.Addr) (evicted trackedConn, err error) {
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
		ss.uncount(a)
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

// uncount no longer counts a connection for its owner. The caller holds ss.mu.
func (ss *connections) uncount(a *admission) {
	switch {
	case a.owner.User != "":
		decrement(ss.users, a.owner.User)
		decrement(ss.addresses, a.owner.Address)
	case a.element != nil: // nil if it has been evicted
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

// setOwner counts the connection of an anonymous client for the user that the client has proved to
// be. It returns the error of the limit or quota that the user has reached.
func (a *admission) setOwner(owner limit.Owner) error {
	if owner.User == "" || a.owner.User != "" {
		return nil
	}
	memory, err := a.connections.memory.Reserve(owner, a.memory.Bytes())
	if err != nil {
		return err
	}
	if err := a.connections.recount(a, owner); err != nil {
		memory.Release()
		return err
	}
	a.memory.Release()
	a.memory = memory
	return nil
}

// recount counts a connection for another owner.
func (ss *connections) recount(a *admission, owner limit.Owner) error {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	before := *a
	if _, err := ss.count(a, owner); err != nil {
		return err
	}
	ss.uncount(&before)
	a.element = nil
	return nil
}

// release releases an admission.
func (a *admission) release() {
	a.memory.Release()
	a.connections.remove(a)
}

func (ss *connections) remove(a *admission) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.uncount(a)
	if a.evicted {
		ss.evicted--
		decrement(ss.evictedAddresses, a.owner.Address)
	}
	ss.admitted--
	ss.admissions.Done()
}

// countRefused counts a refused connection.
func (ss *connections) countRefused() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.refused++
}

// connectionRefusal returns the refusal for an error of add.
func connectionRefusal(err error) *refusal {
	switch {
	case errors.Is(err, errUserConnections):
		return rateLimited(
			"This user has too many WebSockets and event streams: close one first.",
			reconnectSpread,
		)
	case errors.Is(err, errAddressConnections):
		return rateLimited(
			"This address has too many WebSockets and event streams. Try again later.",
			reconnectSpread,
		)
	default:
		return unavailable("The server has no room for more connections. Try again later.")
	}
}

// track registers a connection for shutdown. If a shutdown has begun already, it restarts the
// connection.
func (ss *connections) track(s trackedConn, a *admission) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.open[s] = struct{}{}
	a.connection = s
	if ss.stopped {
		s.restart()
	}
}

func (ss *connections) untrack(s trackedConn) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, s)
}

// kinds returns the number of open connections by kind.
func (ss *connections) kinds() map[string]int {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	kinds := make(map[string]int)
	for s := range ss.open {
		kinds[s.kind()]++
	}
	return kinds
}

// ConnectionStats are the figures of the WebSockets and event streams of a [Server].
type ConnectionStats struct {
	// Open is the number of open connections, Anonymous the number of those without a token, and
	// Refused the number of connections that have been refused.
	Open, Anonymous, Refused int64
}

func (ss *connections) stats() ConnectionStats {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ConnectionStats{
		Open:      int64(ss.admitted),
		Anonymous: int64(ss.anonymous.Len()),
		Refused:   ss.refused,
	}
}

func (ss *connections) stopping() bool {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.stopped
}

// shutdown implements [Server.Shutdown].
func (ss *connections) shutdown(ctx context.Context) error {
	ss.stop(trackedConn.restart)
	done := make(chan struct{})
	go func() { // ends with the last connection
		defer close(done)
		ss.admissions.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		ss.stop(trackedConn.abort)
		return fmt.Errorf("close websockets: %w", ctx.Err())
	}
}

// stop refuses new connections from now on, and calls f for each open one. f must not block.
func (ss *connections) stop(f func(trackedConn)) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.stopped = true
	for s := range ss.open {
		f(s)
	}
}
