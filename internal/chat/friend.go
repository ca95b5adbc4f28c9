package chat

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"parley/ent"
	"parley/ent/friendship"
	"parley/ent/predicate"
	"parley/internal/chat/retry"
	"parley/internal/store"
)

// RequestFriend asks somebody to be the viewer's friend, and returns them. Where they have asked
// the viewer before, the two are friends from then on.
func (c *Chat) RequestFriend(ctx context.Context, v Viewer, userID string) (*ent.User, error) {
	return c.changeFriendship(
		ctx,
		retry.Idempotent,
		v,
		userID,
		func(t *tx, is friendship.State) error {
			switch is {
			case friendship.StateREQUESTED, friendship.StateFRIENDS:
				return nil
			case friendship.StateINVITED:
				return t.befriend(ctx, v.ID, userID)
			default:
				return t.request(ctx, v.ID, userID)
			}
		},
	)
}

// AnswerFriendRequest makes somebody who has asked for it the viewer's friend, or turns them down,
// and returns them. To accept a friend again changes nothing.
func (c *Chat) AnswerFriendRequest(
	ctx context.Context,
	v Viewer,
	userID string,
	accept bool,
) (*ent.User, error) {
	again := retry.Once // who is turned down leaves no trace
	if accept {
		again = retry.Idempotent
	}
	return c.changeFriendship(ctx, again, v, userID, func(t *tx, is friendship.State) error {
		switch {
		case is == friendship.StateINVITED && accept:
			return t.befriend(ctx, v.ID, userID)
		case is == friendship.StateINVITED:
			return t.estrange(ctx, v.ID, userID)
		case is == friendship.StateFRIENDS && accept:
			return nil
		default:
			return &Error{Code: NotFound, Message: "They have not asked to be your friend."}
		}
	})
}

// RemoveFriend ends what there is between the viewer and somebody: a friendship, or a request of
// either. It returns them.
func (c *Chat) RemoveFriend(ctx context.Context, v Viewer, userID string) (*ent.User, error) {
	return c.changeFriendship(
		ctx,
		retry.Idempotent,
		v,
		userID,
		func(t *tx, is friendship.State) error {
			if is == "" {
				return nil
			}
			return t.estrange(ctx, v.ID, userID)
		},
	)
}

// changeFriendship changes what there is between the viewer and somebody, knowing what there is: ""
// for nothing. Both are held, so that of two who ask each other at once one is the first.
func (c *Chat) changeFriendship(
	ctx context.Context,
	again retry.Policy,
	v Viewer,
	userID string,
	change func(t *tx, is friendship.State) error,
) (*ent.User, error) {
	if err := checkID("userId", userID); err != nil {
		return nil, err
	}
	if userID == v.ID {
		return nil, badInput("userId", "userId is you yourself.")
	}
	err := c.tx(ctx, again, func(t *tx) error {
		if err := t.checkExist(ctx, []string{userID}); err != nil {
			return err
		}
		if err := t.holdPeople(ctx, []string{v.ID, userID}); err != nil {
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

// request writes that somebody asks somebody, seen from both.
func (t *tx) request(ctx context.Context, from, to string) error {
	at := now()
	err := t.Friendship.CreateBulk(
		t.Friendship.Create().
			SetUserID(from).
			SetFriendID(to).
			SetState(friendship.StateREQUESTED).
			SetRequestedAt(at),
		t.Friendship.Create().
			SetUserID(to).
			SetFriendID(from).
			SetState(friendship.StateINVITED).
			SetRequestedAt(at),
	).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	return nil
}

// befriend makes friends of two of whom one has asked the other.
func (t *tx) befriend(ctx context.Context, a, b string) error {
	err := t.Friendship.Update().
		Where(between(a, b)).
		SetState(friendship.StateFRIENDS).
		SetSince(now()).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the friendship: %w", err)
	}
	return nil
}

// estrange deletes what there is between two.
func (t *tx) estrange(ctx context.Context, a, b string) error {
	if _, err := t.Friendship.Delete().Where(between(a, b)).Exec(ctx); err != nil {
		return fmt.Errorf("delete what is between them: %w", err)
	}
	return nil
}

// between selects both rows of a pair.
func between(a, b string) predicate.Friendship {
	return friendship.Or(
		friendship.And(friendship.UserID(a), friendship.FriendID(b)),
		friendship.And(friendship.UserID(b), friendship.FriendID(a)),
	)
}

// Friends returns the viewer's friends, the newest first: first of them, after a place if one is
// given.
func (c *Chat) Friends(
	ctx context.Context,
	v Viewer,
	first int,
	after *Place,
) (Page[*ent.Friendship], error) {
	return c.friendships(ctx, v, friendship.FieldSince, first, after, friendship.StateFRIENDS)
}

// FriendRequests returns the requests that the viewer and others have made of each other and that
// are not answered, the newest first: first of them, after a place if one is given.
func (c *Chat) FriendRequests(
	ctx context.Context,
	v Viewer,
	first int,
	after *Place,
) (Page[*ent.Friendship], error) {
	return c.friendships(
		ctx,
		v,
		friendship.FieldRequestedAt,
		first,
		after,
		friendship.StateREQUESTED,
		friendship.StateINVITED,
	)
}

// friendships returns what the viewer has with others in some states, ordered by a column with a
// time.
func (c *Chat) friendships(
	ctx context.Context,
	v Viewer,
	by string,
	first int,
	after *Place,
	states ...friendship.State,
) (Page[*ent.Friendship], error) {
	var none Page[*ent.Friendship]
	if err := CheckFirst(first); err != nil {
		return none, err
	}
	q := c.db.Friendship.Query().Where(friendship.UserID(v.ID), friendship.StateIn(states...))
	if after != nil {
		q.Where(func(s *entsql.Selector) {
			s.Where(
				entsql.CompositeLT([]string{s.C(by), s.C(friendship.FieldID)}, after.At, after.ID),
			)
		})
	}
	found, err := q.Order(ent.Desc(by, friendship.FieldID)).Limit(first + 1).All(ctx)
	if err != nil {
		return none, fmt.Errorf("list what %q has with others: %w", v.ID, err)
	}
	return page(found, first), nil
}

// FriendRequest is one person's wish to be another's friend.
type FriendRequest struct {
	From, To string
	At       time.Time
}

// RequestOf returns the request that a friendship which is none yet stands for.
func RequestOf(f *ent.Friendship) FriendRequest {
	r := FriendRequest{From: f.UserID, To: f.FriendID, At: f.RequestedAt}
	if f.State == friendship.StateINVITED {
		r.From, r.To = r.To, r.From
	}
	return r
}

// Friendships returns what each of people has with others, in one statement; those with whom there
// is nothing are missing. What somebody has is for them alone to see.
func (c *Chat) Friendships(
	ctx context.Context,
	people, others []string,
) (map[Own[string]]friendship.State, error) {
	found, err := c.db.Friendship.Query().
		Where(friendship.UserIDIn(store.Padded(people)...), friendship.FriendIDIn(store.Padded(others)...)).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf(
			"find what %d people have with %d others: %w",
			len(people),
			len(others),
			err,
		)
	}
	states := make(map[Own[string]]friendship.State, len(found))
	for _, f := range found {
		states[Own[string]{f.UserID, f.FriendID}] = f.State
	}
	return states, nil
}
