package limit

import (
	"container/list"
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
)

// ErrMemoryFull means that the budget of a [Memory] has no room for a reservation.
var ErrMemoryFull = errors.New("the memory budget is exhausted")

// ErrQuotaExceeded means that a reservation exceeds a quota of its owner.
var ErrQuotaExceeded = errors.New("a memory quota is exceeded")

// ErrQueueFull means that too many callers of [Memory.Acquire] wait already.
var ErrQueueFull = errors.New("too many callers wait for memory")

// Owner names the user and the address that a reservation counts for. An owner without a user is
// anonymous.
type Owner struct {
	User    string
	Address netip.Addr
}

// OwnerOf returns the owner with user ("" if anonymous) and the address that ctx carries. All
// addresses of an IPv6 /64 network count as one.
func OwnerOf(ctx context.Context, user string) Owner {
	return Owner{User: user, Address: Network(Address(ctx))}
}

// MemoryOptions configure a [Memory]. All sizes are in bytes; a quota of 0 is no quota.
type MemoryOptions struct {
	// Bytes is the budget.
	Bytes int64
	// User is the quota of one user, and Address that of all users of one address together.
	User, Address int64
	// Anonymous is the quota of all anonymous owners together, and AnonymousAddress that of the
	// anonymous owners of one address.
	Anonymous, AnonymousAddress int64
	// Small is the size up to which a reservation counts for no quota while less than half of the
	// budget is reserved. Such a reservation costs one atomic operation.
	Small int64
	// Queue limits how many callers may wait in Acquire, because they use memory, too.
	Queue Queue
	// Refused, if set, is called when a reservation is refused. It must not block.
	Refused func()
}

// Queue limits how many callers of [Memory.Acquire] may wait. Zero is no limit.
type Queue struct {
	// User is the limit for one user, All the limit for all owners together. Anonymous callers
	// count for All only.
	User, All int64
}

// Memory admits uses of memory to a budget before the memory is allocated. Each reservation counts
// for the budget of the node and for quotas of its owner, so that one user or one address cannot
// take what all need.
//
// A nil Memory admits everything. All methods are safe for concurrent use.
type Memory struct {
	options  MemoryOptions
	reserved atomic.Int64
	refused  atomic.Int64
	waiting  atomic.Int64 // changes under mu

	mu       sync.Mutex
	accounts map[accountKey]*account
	queue    list.List // of *waiter, in the order of arrival
	// oversized is whether a reservation above its owner's quota exists. There is at most one.
	oversized bool
	// scan numbers the passes over the queue: see grant.
	scan int64
}

// NewMemory returns the memory admission for a budget.
func NewMemory(options MemoryOptions) *Memory {
	return &Memory{options: options, accounts: make(map[accountKey]*account)}
}

type accountKind uint8

const (
	userAccount accountKind = iota
	addressAccount
	anonymousAccount
	anonymousAddressAccount
)

type accountKey struct {
	kind    accountKind
	user    string
	address netip.Addr
}

// account is what an owner has reserved of one quota. It exists while reservations or waiters refer
// to it.
type account struct {
	key      accountKey
	quota    int64
	reserved int64 // bytes
	users    int64 // reservations and waiters that refer to the account
	waiting  int64 // callers of Acquire
	blocked  int64 // the last scan in which a waiter for this account could not be admitted
}

// Reservation is memory that has been admitted. The zero value is an empty reservation without a
// budget: it admits everything. Use either a reservation or its copy, not both. It is not safe for
// concurrent use.
type Reservation struct {
	memory   *Memory
	owner    Owner
	accounts [2]*account // nil if no quota applies
	bytes    int64
	// oversized: the reservation exceeds its owner's quota, and counts for as much as the quota.
	oversized bool
}

// Open returns an empty reservation for owner, to be enlarged by [Reservation.Grow].
func (m *Memory) Open(owner Owner) Reservation { return Reservation{memory: m, owner: owner} }

// Reserve admits bytes for owner. It does not wait: it returns ErrMemoryFull if the budget has no
// room, and ErrQuotaExceeded if a quota has none. The caller must release the reservation.
func (m *Memory) Reserve(owner Owner, bytes int64) (Reservation, error) {
	r := m.Open(owner)
	err := r.Grow(bytes)
	return r, err
}

// Grow adds bytes to the reservation. If they are not admitted it adds nothing and returns an error
// as [Memory.Reserve] does.
func (r *Reservation) Grow(bytes int64) error {
	m := r.memory
	if m == nil || bytes <= 0 {
		return nil
	}
	if !r.counted() && r.bytes+bytes <= m.options.Small && m.reserved.Load() < m.options.Bytes/2 &&
		m.take(bytes) {
		r.bytes += bytes
		return nil
	}
	if err := m.grow(r, bytes); err != nil {
		m.refuse()
		return err
	}
	return nil
}

// grow adds bytes to a reservation, which counts for its owner's quotas from then on.
func (m *Memory) grow(r *Reservation, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	accounts, uncounted := r.accounts, int64(0)
	if !r.counted() {
		accounts, uncounted = m.open(r.owner), r.bytes // a small one until now
	}
	if err := m.admit(accounts, bytes, uncounted); err != nil {
		if !r.counted() {
			m.close(&accounts)
		}
		return err
	}
	r.accounts = accounts
	r.bytes += bytes
	return nil
}

// counted reports whether the reservation counts for its owner's quotas.
func (r *Reservation) counted() bool { return r.accounts[0] != nil || r.accounts[1] != nil }

// Shrink releases all but bytes of the reservation. A smaller reservation keeps its size.
func (r *Reservation) Shrink(bytes int64) {
	m := r.memory
	if m == nil {
		return
	}
	released := max(r.bytes-max(bytes, 0), 0)
	if !r.counted() {
		r.bytes -= released
		m.reserved.Add(-released)
		if m.waiting.Load() > 0 {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.grant()
		}
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r.bytes -= released
	m.reserved.Add(-released)
	for _, a := range r.accounts {
		if a != nil {
			a.reserved -= released
		}
	}
	if r.oversized {
		r.oversized, m.oversized = false, false
	}
	if r.bytes == 0 {
		m.close(&r.accounts)
	}
	m.grant()
}

// Release releases the whole reservation. It may be called more than once.
func (r *Reservation) Release() { r.Shrink(0) }

// Bytes returns the size of the reservation.
func (r *Reservation) Bytes() int64 { return r.bytes }

// admit counts bytes for the budget and for accounts. The accounts count uncounted bytes as well,
// which the budget has counted before. The caller holds m.mu.
func (m *Memory) admit(accounts [2]*account, bytes, uncounted int64) error {
	for _, a := range accounts {
		if a != nil && a.reserved+uncounted+bytes > a.quota {
			return ErrQuotaExceeded
		}
	}
	if !m.take(bytes) {
		return ErrMemoryFull
	}
	for _, a := range accounts {
		if a != nil {
			a.reserved += uncounted + bytes
		}
	}
	return nil
}

// take counts bytes for the budget, if it has room for them. It needs no lock.
func (m *Memory) take(bytes int64) bool {
	for {
		reserved := m.reserved.Load()
		if bytes > m.options.Bytes-reserved {
			return false
		}
		if m.reserved.CompareAndSwap(reserved, reserved+bytes) {
			return true
		}
	}
}

// refuse counts and reports a refusal.
func (m *Memory) refuse() {
	m.refused.Add(1)
	if m.options.Refused != nil {
		m.options.Refused()
	}
}

// open returns the accounts that owner's reservations count for, the narrower one first. The caller
// holds m.mu, and must close them.
func (m *Memory) open(owner Owner) [2]*account {
	address := accountKey{kind: addressAccount, address: owner.Address}
	if owner.User == "" {
		address.kind = anonymousAddressAccount
		return [2]*account{
			m.account(address, m.options.AnonymousAddress, owner.Address.IsValid()),
			m.account(accountKey{kind: anonymousAccount}, m.options.Anonymous, true),
		}
	}
	return [2]*account{
		m.account(accountKey{kind: userAccount, user: owner.User}, m.options.User, true),
		m.account(address, m.options.Address, owner.Address.IsValid()),
	}
}

// account returns the account for key, or nil if there is no quota or the key is unknown.
func (m *Memory) account(key accountKey, quota int64, known bool) *account {
	if quota <= 0 || !known {
		return nil
	}
	a := m.accounts[key]
	if a == nil {
		a = &account{key: key, quota: quota}
		m.accounts[key] = a
	}
	a.users++
	return a
}

// close releases accounts and removes those that are no longer used. The caller holds m.mu.
func (m *Memory) close(accounts *[2]*account) {
	for i, a := range accounts {
		if a == nil {
			continue
		}
		if a.users--; a.users == 0 {
			delete(m.accounts, a.key)
		}
		accounts[i] = nil
	}
}

// MemoryStats are the figures of a [Memory].
type MemoryStats struct {
	// Limit is the budget and Reserved the part of it that is reserved, in bytes. Waiting is the
	// number of callers that wait in Acquire, and Refused the number of reservations that have been
	// refused or have timed out.
	Limit, Reserved, Waiting, Refused int64
}

// Stats returns the current figures.
func (m *Memory) Stats() MemoryStats {
	if m == nil {
		return MemoryStats{}
	}
	return MemoryStats{
		Limit:    m.options.Bytes,
		Reserved: m.reserved.Load(),
		Waiting:  m.waiting.Load(),
		Refused:  m.refused.Load(),
	}
}
