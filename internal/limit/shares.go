package limit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Shares divide memory among those who need much of it for a while. Who finds none waits, first come, first served; one person
// waits for their part before they wait among the others, so that no few stand in the way of all. Who needs more than a person's
// part has to wait for the others who do, and is then counted with that part. Nil is no bound.
type Shares struct {
	most, persons int64
	queue         Queue
	all           *semaphore.Weighted
	large         *semaphore.Weighted // for one

	held, waiting, refused atomic.Int64 // waiting changes under mu

	mu     sync.Mutex
	people map[string]*purse
}

// Queue is how many may wait: who waits has memory, too, for what they have asked. Zero is no bound.
type Queue struct {
	// Person is how many of one person's may wait. Those of "", who may be many, are counted among all only.
	Person int64
	// All is how many may wait of everybody's.
	All int64
}

// ErrQueueFull is what Take returns at once to who would have to wait behind too many.
var ErrQueueFull = errors.New("too many wait")

// purse is what one person may have. It is there while they have some, or wait.
type purse struct {
	left           *semaphore.Weighted
	users, waiting int64
}

// NewShares divides so many bytes, of which one person may have one in so many parts.
func NewShares(most, parts int64, queue Queue) *Shares {
	return &Shares{
		most: most, persons: max(most/parts, 1), queue: queue, all: semaphore.NewWeighted(most), large: semaphore.NewWeighted(1),
		people: make(map[string]*purse),
	}
}

// Share is what somebody has. Nil is nothing.
type Share struct {
	of     *Shares
	person string
	purse  *purse
	bytes  int64
	// large: nobody else may have more than a person's part.
	large bool
}

// Take waits for so many bytes, or until ctx ends, whose error it returns, or ErrQueueFull. "" is a person like others.
func (s *Shares) Take(ctx context.Context, person string, bytes int64) (_ *Share, err error) {
	if s == nil || bytes <= 0 {
		return nil, nil //nolint:nilnil // nothing was asked for
	}
	share := &Share{of: s, person: person, purse: s.open(person)}
	queued := false
	acquire := func(from *semaphore.Weighted, n int64) error {
		if from.TryAcquire(n) {
			return nil
		}
		if !queued { // once: who has waited for their own part is not refused when they wait for the others
			if !s.enqueue(share) {
				return ErrQueueFull
			}
			queued = true
		}
		return from.Acquire(ctx, n)
	}
	defer func() {
		if queued {
			s.dequeue(share)
		}
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrQueueFull) { // and nobody has gone away
				s.refused.Add(1)
			}
			share.Return()
			err = fmt.Errorf("wait for memory: %w", err)
		}
	}()
	own := min(bytes, s.persons)
	if err := acquire(share.purse.left, own); err != nil {
		return nil, err
	}
	if bytes > s.persons {
		if err := acquire(s.large, 1); err != nil {
			share.purse.left.Release(own)
			return nil, err
		}
		share.large = true
	}
	if err := acquire(s.all, own); err != nil {
		share.purse.left.Release(own)
		return nil, err
	}
	share.bytes = own
	s.held.Add(own)
	return share, nil
}

// enqueue counts who begins to wait, until dequeue, unless too many do.
func (s *Shares) enqueue(share *Share) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.queue.Person
	if most > 0 && share.person != "" && share.purse.waiting >= most || s.queue.All > 0 && s.waiting.Load() >= s.queue.All {
		return false
	}
	share.purse.waiting++
	s.waiting.Add(1)
	return true
}

func (s *Shares) dequeue(share *Share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	share.purse.waiting--
	s.waiting.Add(-1)
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

// Keep gives back what is above so many bytes. It is called when it is known how many are needed.
func (s *Share) Keep(bytes int64) {
	if s == nil {
		return
	}
	if s.large {
		s.large = false
		s.of.large.Release(1)
	}
	if rest := s.bytes - bytes; rest > 0 {
		s.bytes -= rest
		s.of.held.Add(-rest)
		s.of.all.Release(rest)
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
	// Held is how many bytes are taken, Waiting how many wait, and Refused how many have waited in vain so far, or not been let
	// wait.
	Held, Waiting, Refused int64
}

// Stats returns what has been counted.
func (s *Shares) Stats() SharesStats {
	if s == nil {
		return SharesStats{}
	}
	return SharesStats{Held: s.held.Load(), Waiting: s.waiting.Load(), Refused: s.refused.Load()}
}
