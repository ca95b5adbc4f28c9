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

// moderatorRest is the average pause of a moderator between two actions.
const moderatorRest = 250 * time.Millisecond

// absence is a period in which a guest is not a member. It begins between removing and removed, and
// ends between adding and added, which are zero if it lasts.
type absence struct {
	banned                           bool
	removing, removed, adding, added time.Time
}

// moderator removes the guests of a room and adds them again, as the owner. It retries each action
// until it has a response before it starts the next one, so it knows the members.
type moderator struct {
	client
	room   *history
	guests []*subscriber
	rng    *rand.Rand
	faults *faults
}

// run ends when stop is closed. It then removes a guest, so that at least one removal must reach a
// stream that the test does not cut, without a publication.
func (d *moderator) run(ctx context.Context, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			for _, g := range d.guests {
				if !g.isRemoved() {
					d.act(ctx, g)
					return
				}
			}
			return
		case <-time.After(time.Duration(d.rng.Int64N(int64(2*moderatorRest) + 1))):
			d.act(ctx, d.guests[d.rng.IntN(len(d.guests))])
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// act removes a guest, or adds one that is removed.
func (d *moderator) act(ctx context.Context, g *subscriber) {
	var err error
	if g.isRemoved() {
		err = d.add(ctx, g)
	} else {
		err = d.remove(ctx, g)
	}
	if err != nil {
		d.faults.add("%s: %v", g.name, err)
	}
}

func (d *moderator) remove(ctx context.Context, g *subscriber) error {
	a := &absence{banned: d.rng.IntN(3) == 0, removing: time.Now()}
	g.absences = append(g.absences, a)
	if err := d.mutate(
		ctx,
		removeMember,
		vars{"room": d.room.roomID, "user": g.name, "ban": a.banned},
	); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	a.removed = time.Now()
	return nil
}

func (d *moderator) add(ctx context.Context, g *subscriber) error {
	a := g.absences[len(g.absences)-1]
	a.adding = time.Now()
	if err := d.mutate(ctx, addMember, vars{"room": d.room.roomID, "user": g.name}); err != nil {
		return fmt.Errorf("add again: %w", err)
	}
	a.added = time.Now()
	return nil
}

// mutate retries a mutation until it has a response; the first one may get lost. It never closes the
// connection early: the server could execute an abandoned request after the next one.
func (d *moderator) mutate(ctx context.Context, mutation string, variables vars) error {
	var ignored map[string]any
	_, err := d.retry(ctx, interruption{lost: d.rng.IntN(10) == 0}, mutation, variables, &ignored)
	return err
}

// isRemoved reports whether a guest is removed. Only the moderator may call it until it has ended.
func (s *subscriber) isRemoved() bool {
	return len(s.absences) > 0 && s.absences[len(s.absences)-1].adding.IsZero()
}
