package broker

import (
	"slices"
	"sync"

	"github.com/google/uuid"
)

const (
	// maxPending is how many rooms may have publications that wait to be sent, maxUsers how many
	// users such a publication may name, and maxCommits how many commits may wait. What exceeds
	// maxPending or maxUsers is skipped, and the other nodes detect the loss;
	// publications beyond maxCommits are sent without their commits.
	maxPending = 10_000
	maxUsers   = 2_000
	maxCommits = 2_000
)

// outbox has the publications that wait to be sent. It joins those of a room: their commits, if they
// are contiguous, or else the newest seq. It is safe for concurrent use.
type outbox struct {
	// wake receives when there is something to send.
	wake chan struct{}

	mu    sync.Mutex
	rooms map[uuid.UUID]*pending
	// single are publications that are not joined with others: of new rooms, and of profiles.
	single []Publication
	// commits is how many commits wait.
	commits   int
	skipped   bool // a publication was dropped
	heartbeat bool // a heartbeat is wanted, if there is nothing else
}

// pending are the publications of a room that wait to be sent.
type pending struct {
	// joined names the newest seq and all users; it has no commit.
	joined Publication
	// commits are the publications with commits that end at the seq of joined; none if they are
	// not contiguous.
	commits []Publication
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), rooms: make(map[uuid.UUID]*pending)}
}

// add adds a publication.
func (o *outbox) add(p Publication) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.enqueue(p)
	o.wakeUp()
}

// addHeartbeat asks for a message of any kind.
func (o *outbox) addHeartbeat() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heartbeat = true
	o.wakeUp()
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default: // it is awake already
	}
}

// enqueue is add for a caller that has locked the outbox.
func (o *outbox) enqueue(p Publication) {
	if len(o.rooms)+len(o.single) >= maxPending {
		o.skipped = true
		return
	}
	if p.Created || len(p.Profiles) > 0 {
		if p.Commit != nil {
			if o.commits++; o.commits > maxCommits {
				p.Commit = nil
			}
		}
		o.single = append(o.single, p)
		return
	}
	room, ok := o.rooms[p.Room]
	if ok && room.joined.Timeline != p.Timeline { // the two do not follow each other
		o.commits -= len(room.commits)
		o.skipped, ok = true, false
	}
	if !ok {
		room = &pending{joined: Publication{Room: p.Room, Timeline: p.Timeline}}
		o.rooms[p.Room] = room
	}
	o.joinCommit(room, p)
	room.joined.Seq = max(room.joined.Seq, p.Seq)
	for _, user := range p.Users {
		if !slices.Contains(room.joined.Users, user) {
			room.joined.Users = append(room.joined.Users, user)
		}
	}
	if len(room.joined.Users) > maxUsers {
		room.joined.Users = nil
		o.skipped = true
	}
}

// joinCommit adds the commit of a publication to those of its room, or drops all of them if they
// are not contiguous. A publication that repeats a seq changes nothing. The caller has locked the
// outbox.
func (o *outbox) joinCommit(room *pending, p Publication) {
	first := room.joined.Seq == 0
	switch {
	case p.Commit == nil && p.Seq <= room.joined.Seq:
	case p.Commit != nil && o.commits < maxCommits &&
		(first || len(room.commits) > 0 && p.Commit.First() == room.joined.Seq+1):
		room.commits = append(room.commits, Publication{
			Room: p.Room, Seq: p.Seq, Timeline: p.Timeline, Commit: p.Commit,
		})
		o.commits++
	default:
		o.commits -= len(room.commits)
		room.commits = nil
	}
}

// take removes and returns what is pending. skipped reports whether a publication was dropped,
// beat whether a message has to be sent in any case.
func (o *outbox) take() (publications []Publication, skipped, beat bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	publications, skipped, beat = o.single, o.skipped, o.heartbeat
	for _, room := range o.rooms {
		last := room.joined
		if parts := len(room.commits); parts > 0 {
			publications = append(publications, room.commits[:parts-1]...)
			last.Commit = room.commits[parts-1].Commit
		}
		publications = append(publications, last)
	}
	o.single, o.skipped, o.heartbeat, o.commits = nil, false, false, 0
	clear(o.rooms)
	return publications, skipped, beat
}
