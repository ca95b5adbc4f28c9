package chat

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/roomevent"
	"parley/internal/chat/policy"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
)

// JoinRoom makes the viewer a member of a room and returns it. Where they are one already it
// changes nothing.
//
// Who may not see the room needs its key, and is answered WRONG_KEY without, whether or not the
// room exists. With disconnect they leave the exclusive room that they are in, if the one they join
// is exclusive, too. Too many wrong keys of the viewer, or of an address, are RATE_LIMITED; those
// of others never keep the right key out.
func (c *Chat) JoinRoom(
	ctx context.Context,
	v Viewer,
	id uuid.UUID,
	key *string,
	disconnect bool,
) (*ent.Room, error) {
	own, ofRoom := c.keyAttempts.Take(ctx, v.ID, id)
	if own > 0 {
		key = nil // not even the right one is told from the others
	}
	var joined *ent.Room
	err := c.tx(ctx, retry.Idempotent, func(t *tx) error {
		h, left, err := t.holdToJoin(ctx, v, id, disconnect)
		if err != nil {
			return err
		}
		joined = h.Room
		return h.join(ctx, v, key, disconnect, left)
	})
	e := new(Error)
	switch wrong := errors.As(err, &e) && e.Code == WrongKey; {
	case !wrong && own == 0:
		c.keyAttempts.Refund(ctx, v.ID, id, ofRoom)
	case wrong && own+ofRoom > 0:
		return nil, &Error{
			Code:       RateLimited,
			Message:    "Too many wrong keys. Try again later.",
			RetryAfter: own + ofRoom,
		}
	}
	if err != nil {
		return nil, fmt.Errorf("join room %s: %w", id, err)
	}
	return joined, nil
}

// holdToJoin holds the room to join and, with disconnect, the exclusive room that the viewer is in;
// nil where that is none, or the same.
func (t *tx) holdToJoin(
	ctx context.Context,
	v Viewer,
	id uuid.UUID,
	disconnect bool,
) (h, left *held, err error) {
	ids := []uuid.UUID{id}
	if disconnect {
		s, err := t.seatOf(ctx, v.ID)
		if err != nil {
			return nil, nil, err
		}
		if s != nil && s.RoomID != id {
			ids = append(ids, s.RoomID)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, next := range ids {
		room, err := t.hold(ctx, next)
		switch {
		case isNotFound(err) && next == id:
			// It answers as a room does that one may not see.
			return nil, nil, errWrongKey()
		case isNotFound(err):
			return nil, nil, retry.ErrStale // deleted between the two statements, and the seat with it
		case err != nil:
			return nil, nil, err
		case next == id:
			h = room
		default:
			left = room
		}
	}
	return h, left, nil
}

// join makes the viewer a member of the room. left is the exclusive room that they leave for it, if
// any.
func (h *held) join(ctx context.Context, v Viewer, key *string, disconnect bool, left *held) error {
	who, m, err := h.relationTo(ctx, v.ID)
	if err != nil {
		return err
	}
	how := policy.Join
	if h.opens(key) {
		how = policy.JoinByKey
	}
	if err := permit(how, h.Room, who); err != nil {
		return err
	}
	if m != nil {
		return nil
	}
	_, err = h.admit(ctx, v, []string{v.ID}, disconnect, left)
	return err
}

// opens tells whether a key is the room's, in a time that does not depend on how much of it is
// right.
func (h *held) opens(key *string) bool {
	return key != nil && subtle.ConstantTimeCompare([]byte(*key), []byte(h.Key)) == 1
}

// admit makes people members who are none, says so in the log and saves the room. In an exclusive
// room they take their seats: see clearSeats. Nothing that was said before is unread to them.
func (h *held) admit(
	ctx context.Context,
	v Viewer,
	people []string,
	disconnect bool,
	left *held,
) ([]*ent.Member, error) {
	if h.MaxUsers > 0 && h.MemberCount+len(people) > h.MaxUsers {
		return nil, errRoomFull()
	}
	if h.Exclusive {
		if err := h.tx.clearSeats(ctx, v, people, disconnect, left); err != nil {
			return nil, err
		}
	}
	members, err := h.tx.insertMembers(ctx, people, func(m *ent.MemberCreate, i int) {
		m.SetRoomID(h.ID).
			SetRole(member.RoleMEMBER).
			SetJoinedAt(h.at).
			SetJoinedSeq(h.Seq + int64(i)). // their MemberJoined follows it
			SetOthersRead(h.MessageCount)
	})
	if err != nil {
		return nil, err
	}
	if h.Exclusive {
		if err := h.tx.takeSeats(ctx, members); err != nil {
			return nil, err
		}
	}
	h.MemberCount += len(people)
	h.moved = append(h.moved, people...)
	err = h.logEach(
		ctx,
		roomevent.KindMEMBER_JOINED,
		v.ID,
		len(people),
		func(e *ent.RoomEventCreate, i int) {
			e.SetSubjectID(people[i]).SetRole(roomevent.RoleMEMBER)
		},
	)
	if err != nil {
		return nil, err
	}
	joined := h.events[len(h.events)-len(members):]
	for i, m := range members {
		joined[i].Member = roomlog.PublicMember(m)
	}
	return members, h.save(ctx)
}

// insertMembers writes the memberships of people; each sets what is not the same for all rooms, of
// the i-th of them.
func (t *tx) insertMembers(
	ctx context.Context,
	people []string,
	each func(m *ent.MemberCreate, i int),
) ([]*ent.Member, error) {
	ids := make([]uuid.UUID, len(people))
	for i := range ids {
		var err error
		if ids[i], err = uuid.NewV7(); err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
	}
	members, err := t.Member.MapCreateBulk(people, func(m *ent.MemberCreate, i int) {
		m.SetID(ids[i]).SetUserID(people[i])
		each(m, i)
	}).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("insert %d members: %w", len(people), err)
	}
	return members, nil
}
