package torture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	removeMember = `mutation($room: ID!, $user: ID!, $ban: Boolean!) { removeMember(roomId: $room, userId: $user, ban: $ban) { userId } }`
	addMember    = `mutation($room: ID!, $user: ID!) {
		unban(roomId: $room, userId: $user) { user { id } }
		addMembers(roomId: $room, userIds: [$user]) { members { user { id } } } }`
)

// doormanRest is how long a doorman rests between two acts, on average.
const doormanRest = 250 * time.Millisecond

// absence is a time for which somebody was put out of a room: it has begun at some moment between
// removing and removed, and has ended between adding and added, which are zero for one that lasts.
type absence struct {
	banned                           bool
	removing, removed, adding, added time.Time
}

// doorman puts the guests of a room out and lets them in again, in the owner's name. It does one
// thing after the other and insists on an answer to each, so that it knows who is in.
type doorman struct {
	client
	room   *ledger
	guests []*subscriber
	rng    *rand.Rand
	faults *faults
}

// run ends when stop is closed. Then somebody is outside who was in when the calm began, so that
// one removal at least comes to a stream that is not cut and that no hint tells.
func (d *doorman) run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			for _, g := range d.guests {
				if !g.outside() {
					d.act(ctx, g)
					return
				}
			}
			return
		case <-time.After(time.Duration(d.rng.Int64N(int64(2*doormanRest) + 1))):
			d.act(ctx, d.guests[d.rng.IntN(len(d.guests))])
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// act puts a guest out, or lets them in.
func (d *doorman) act(ctx context.Context, g *subscriber) {
	var err error
	if g.outside() {
		err = d.add(ctx, g)
	} else {
		err = d.remove(ctx, g)
	}
	if err != nil {
		d.faults.add("%s: %v", g.name, err)
	}
}

func (d *doorman) remove(ctx context.Context, g *subscriber) error {
	a := &absence{banned: d.rng.IntN(3) == 0, removing: time.Now()}
	g.absences = append(g.absences, a)
	if err := d.ask(
		ctx,
		removeMember,
		vars{"room": d.room.roomID, "user": g.name, "ban": a.banned},
	); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	a.removed = time.Now()
	return nil
}

func (d *doorman) add(ctx context.Context, g *subscriber) error {
	a := g.absences[len(g.absences)-1]
	a.adding = time.Now()
	if err := d.ask(ctx, addMember, vars{"room": d.room.roomID, "user": g.name}); err != nil {
		return fmt.Errorf("add again: %w", err)
	}
	a.added = time.Now()
	return nil
}

// ask insists on an answer, of which the first may get lost. Nobody hangs up: what a server would
// still do of a request that nobody waits for could come behind the next one.
func (d *doorman) ask(ctx context.Context, mutation string, variables vars) error {
	var ignored map[string]any
	_, err := d.insist(ctx, mishap{deaf: d.rng.IntN(10) == 0}, mutation, variables, &ignored)
	return err
}

// outside tells whether a guest has been put out and not let in since. It is for the doorman, and
// for all when that has ended.
func (s *subscriber) outside() bool {
	return len(s.absences) > 0 && s.absences[len(s.absences)-1].adding.IsZero()
}
