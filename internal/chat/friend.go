package chat

import (
	"context"
	"fmt"
	"time"

	"parley/ent"
	"parley/ent/friendship"
	"parley/internal/chat/read"
	"parley/internal/chat/retry"
	"parley/internal/chat/write"
)

// RequestFriend sends a friend request to a user and returns the user. If the user has sent one to
// the viewer, the two become friends.
//
// Returns BAD_USER_INPUT if userID is not a valid id or is the viewer's, and UNKNOWN_USER if the
// user does not exist.
func (c *Chat) RequestFriend(ctx context.Context, v Viewer, userID string) (*ent.User, error) {
	return c.changeFriendship(ctx, retry.Idempotent, v, userID,
		func(t *write.Tx, is friendship.State) error {
			switch is {
			case friendship.StateREQUESTED, friendship.StateFRIENDS:
				return nil
			case friendship.StateINVITED:
				return t.Befriend(ctx, v.ID, userID)
			default:
				return t.RequestFriend(ctx, v.ID, userID)
			}
		})
}

// AnswerFriendRequest accepts or declines the friend request of a user and returns the user. It
// does nothing if an accepted user is a friend.
//
// Returns BAD_USER_INPUT if userID is not a valid id or is the viewer's, UNKNOWN_USER if the user
// does not exist, and NOT_FOUND if the user has sent no request.
func (c *Chat) AnswerFriendRequest(
	ctx context.Context, v Viewer, userID string, accept bool,
) (*ent.User, error) {
	retries := retry.Once // a declined request leaves no trace
	if accept {
		retries = retry.Idempotent
	}
	return c.changeFriendship(ctx, retries, v, userID,
		func(t *write.Tx, is friendship.State) error {
			switch {
			case is == friendship.StateINVITED && accept:
				return t.Befriend(ctx, v.ID, userID)
			case is == friendship.StateINVITED:
				return t.Unfriend(ctx, v.ID, userID)
			case is == friendship.StateFRIENDS && accept:
				return nil
			default:
				return &Error{
					Code:    NotFound,
					Message: "This user has not sent you a friend request.",
				}
			}
		})
}

// RemoveFriend removes the friendship of the viewer and a user, or a friend request in either
// direction. It returns the user.
//
// Returns BAD_USER_INPUT if userID is not a valid id or is the viewer's, and UNKNOWN_USER if the
// user does not exist.
func (c *Chat) RemoveFriend(ctx context.Context, v Viewer, userID string) (*ent.User, error) {
	return c.changeFriendship(ctx, retry.Idempotent, v, userID,
		func(t *write.Tx, is friendship.State) error {
			if is == "" {
				return nil
			}
			return t.Unfriend(ctx, v.ID, userID)
		})
}

// changeFriendship changes the friendship of the viewer and a user. It locks both users, so that
// two requests at the same time have an order. The state is "" if there is no friendship.
func (c *Chat) changeFriendship(
	ctx context.Context,
	retries retry.Policy,
	v Viewer,
	userID string,
	change func(t *write.Tx, is friendship.State) error,
) (*ent.User, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, err
	}
	if userID == v.ID {
		return nil, badInput("userId", "userId is you yourself.")
	}
	err := c.writes.Tx(ctx, retries, func(t *write.Tx) error {
		if err := checkExists(ctx, t, userID); err != nil {
			return err
		}
		if err := t.LockUsers(ctx, []string{v.ID, userID}); err != nil {
			return err
		}
		is, err := t.Friendship.Query().
			Where(friendship.UserID(v.ID), friendship.FriendID(userID)).
			Only(ctx)
		switch {
		case ent.IsNotFound(err):
			return change(t, "")
		case err != nil:
			return err
		default:
			return change(t, is.State)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("change what is between %q and %q: %w", v.ID, userID, err)
	}
	return c.User(ctx, userID)
}

// Friends returns the viewer's friends, the newest first: first of them, after a position if one is
// given. Returns BAD_USER_INPUT if first is out of range.
func (c *Chat) Friends(
	ctx context.Context, v Viewer, first int, after *read.RowPosition,
) (read.Page[*ent.Friendship], error) {
	return c.FriendshipsOf(ctx, v.ID, friendship.FieldSince, first, after, friendship.StateFRIENDS)
}

// FriendRequests returns the unanswered friend requests from and to the viewer, the newest first:
// first of them, after a position if one is given. Returns BAD_USER_INPUT if first is out of range.
func (c *Chat) FriendRequests(
	ctx context.Context, v Viewer, first int, after *read.RowPosition,
) (read.Page[*ent.Friendship], error) {
	return c.FriendshipsOf(ctx, v.ID, friendship.FieldRequestedAt, first, after,
		friendship.StateREQUESTED, friendship.StateINVITED)
}

// FriendRequest is a request of one user to become another's friend.
type FriendRequest struct {
	From, To string
	At       time.Time
}

// RequestOf returns the friend request of a friendship that is not accepted.
func RequestOf(f *ent.Friendship) FriendRequest {
	r := FriendRequest{From: f.UserID, To: f.FriendID, At: f.RequestedAt}
	if f.State == friendship.StateINVITED {
		r.From, r.To = r.To, r.From
	}
	return r
}
