package limit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// personsShare is which part of all there is one person may have: one in so many.
const personsShare = 8

// Shares divide memory among those who need much of it for a while. Who finds none waits, first come, first served; one person
// waits for their own before they wait among the others, so that nobody stands in the way of all. Nil is no bound.
type Shares struct {
	most, persons int64
	all           *semaphore.Weighted

	held, waiting, refused atomic.Int64

	mu     sync.Mutex
	people map[string]*purse
}

// purse is what one person may have. It is there while they have some, or wait.
type purse struct {
	left  *semaphore.Weighted
	users int
}

// NewShares divides so many bytes.
func NewShares(most int64) *Shares {
	return &Shares{
		most: most, persons: max(most/personsShare, 1), all: semaphore.NewWeighted(most), people: make(map[string]*purse),
	}
}

// Share is what somebody has. Nil is nothing.
type Share struct {
	of     *Shares
	person string
	purse  *purse
	// bytes are those of all, own those of the person.
	bytes, own int64
}

// Take waits for so many bytes, or until ctx ends, whose error it returns. Who asks for more than there is gets all. "" is a
// person like others.
func (s *Shares) Take(ctx context.Context, person string, bytes int64) (*Share, error) {
	if s == nil || bytes <= 0 {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	share := &Share{of: s, person: person, purse: s.open(person), bytes: min(bytes, s.most), own: min(bytes, s.persons)}
	if err := share.purse.left.Acquire(ctx, share.own); err != nil {
		s.close(person, share.purse)
		return nil, s.refuse(err)
	}
	if err := s.all.Acquire(ctx, share.bytes); err != nil {
		share.purse.left.Release(share.own)
		s.close(person, share.purse)
		return nil, s.refuse(err)
	}
	s.held.Add(share.bytes)
	return share, nil
}

func (s *Shares) refuse(err error) error {
	s.refused.Add(1)
	return fmt.Errorf("wait for memory: %w", err)
}

// open returns a person's purse until close.
func (s *Shares) open(person string) *purse {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[person]
	if p == nil {
		p = &purse{left: semaphore.NewWeighted(s.persons)}
		s.people[person] = p
	}
	p.users++
	return p
}

func (s *Shares) close(person string, p *purse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(s.people, person)
	}
}

// Keep gives back what is above so many bytes.
func (s *Share) Keep(bytes int64) {
	if s == nil {
		return
	}
	if rest := s.bytes - bytes; rest > 0 {
		s.bytes -= rest
		s.of.held.Add(-rest)
		s.of.all.Release(rest)
	}
	if rest := s.own - bytes; rest > 0 {
		s.own -= rest
		s.purse.left.Release(rest)
	}
}

// Return gives all of it back. It is called once.
func (s *Share) Return() {
	if s == nil {
		return
	}
	s.Keep(0)
	s.of.close(s.person, s.purse)
}

// SharesStats are counts.
type SharesStats struct {
	// Held is how many bytes are taken, Waiting how many wait, and Refused how many have waited in vain so far.
	Held, Waiting, Refused int64
}

// Stats returns what has been counted.
func (s *Shares) Stats() SharesStats {
	if s == nil {
		return SharesStats{}
	}
	return SharesStats{Held: s.held.Load(), Waiting: s.waiting.Load(), Refused: s.refused.Load()}
}
