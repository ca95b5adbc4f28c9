package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/internal/chat/policy"
	"parley/internal/chat/roomlog"
)

// Followed is a room whose log a user may follow.
type Followed struct {
	// Head is the seq of the room's newest event. From an event above it on, the log itself tells
	// when the user is no longer in the room.
	Head int64
	// Joined is the seq before that of the event with which the user joined; 0 for a room's first
	// members.
	Joined int64
}

// Follow authorizes the viewer to follow a room's log and returns its head at that moment: from an
// event above it on, the log itself tells when the viewer is no longer in the room.
//
// Returns NOT_FOUND if the viewer may not see the room, and FORBIDDEN if they are not a member.
func (c *Chat) Follow(ctx context.Context, v Viewer, roomID uuid.UUID) (head int64, err error) {
	at, err := c.FollowVersion(ctx, v, roomID)
	return at.Seq, err
}

// FollowVersion is [Chat.Follow], and returns also the profile version at that moment: the viewer
// must not be shown anything older. It takes one statement.
//
// Returns NOT_FOUND if the viewer may not see the room, and FORBIDDEN if they are not a member.
func (c *Chat) FollowVersion(
	ctx context.Context, v Viewer, roomID uuid.UUID,
) (at Version, err error) {
	access, found, err := c.AccessTo(ctx, v.ID, roomID)
	switch {
	case err != nil:
		return at, fmt.Errorf("follow room %s: %w", roomID, err)
	case !found:
		return at, errNoRoom()
	}
	if err := checkAction(policy.Read, access.Room, access.Relation); err != nil {
		return at, err
	}
	return Version{Seq: access.Room.Seq, Profiles: access.Profiles}, nil
}

// FollowAll authorizes the viewer to follow the logs of their rooms, as [Chat.Follow] does for one.
// It returns those rooms, in one statement and at most limit of them; only the rooms of a list, if
// only is not nil. Its errors have no code.
func (c *Chat) FollowAll(
	ctx context.Context, v Viewer, only []uuid.UUID, limit int,
) (map[uuid.UUID]Followed, error) {
	joined, err := c.Joined(ctx, v.ID, only, limit)
	if err != nil {
		return nil, fmt.Errorf("follow the rooms of %q: %w", v.ID, err)
	}
	followed := make(map[uuid.UUID]Followed, len(joined))
	for _, j := range joined {
		if policy.Allows(policy.Read, &j.Room, policy.OfRole(j.Role)) {
			followed[j.ID] = Followed{Head: j.Seq, Joined: j.Since}
		}
	}
	return followed, nil
}

// MembershipEndings returns why the viewer's memberships of rooms have ended: see
// [roomlog.Log.Endings]. Its errors have no code.
func (c *Chat) MembershipEndings(
	ctx context.Context, v Viewer, rooms []uuid.UUID,
) (map[uuid.UUID]string, error) {
	return c.log.Endings(ctx, v.ID, rooms)
}

// MembershipEnds returns what identifies the end of each user's last membership of a room: see
// [roomlog.Log.Ends]. Its errors have no code.
func (c *Chat) MembershipEnds(
	ctx context.Context, room uuid.UUID, users []string,
) (map[string]string, error) {
	return c.log.Ends(ctx, room, users)
}

// EndedOr explains why the viewer may not follow a room. Returns MEMBERSHIP_ENDED, with the reason,
// if refusal is NOT_FOUND or FORBIDDEN and the viewer was a member of the room before, and refusal
// itself otherwise.
func (c *Chat) EndedOr(ctx context.Context, v Viewer, roomID uuid.UUID, refusal error) error {
	if e := AsError(refusal); e.Code != NotFound && e.Code != Forbidden && e.Code != Banned {
		return refusal
	}
	endings, err := c.MembershipEndings(ctx, v, []uuid.UUID{roomID})
	if err != nil {
		return err
	}
	if reason, was := endings[roomID]; was {
		return &roomlog.EndedError{Reason: reason}
	}
	return refusal
}
