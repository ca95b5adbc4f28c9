package chat

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/chat/requesthash"
	"parley/internal/chat/retry"
	"parley/internal/chat/roomlog"
	"parley/internal/chat/write"
	"parley/internal/text"
)

// CreateRoomInput is a room to make.
type CreateRoomInput struct {
	Name              string
	Description       string
	MemberIds         []string // besides the viewer
	AccessType        *room.AccessType
	MaxUsers          int
	Tags              []string
	Exclusive         bool
	Disconnect        bool
	OpenseaCollection *OpenseaCollectionInput
	IdempotencyKey    *string
	// givenTags are the tags as they were given, each once, if they have been checked: the hash is
	// of these.
	givenTags []string
	// direct: the room is kept for two; the caller has written its DirectRoom.
	direct bool
}

// OpenseaCollectionInput is the OpenSea collection a room is made for.
type OpenseaCollectionInput struct {
	Name  string
	Cover string
	Slug  string
}

// check accepts the input and returns it as it will be carried out: people and tags once each, the
// viewer left out, the access type decided.
func (in CreateRoomInput) check(v Viewer) (CreateRoomInput, error) {
	err := errors.Join(
		checkText("name", in.Name, nameRule()),
		checkText("description", in.Description, descriptionRule()),
		checkOptional("idempotencyKey", in.IdempotencyKey, keyRule()),
	)
	if o := in.OpenseaCollection; o != nil {
		err = errors.Join(err,
			checkText("openseaCollection.name", o.Name, nameRule()),
			checkText("openseaCollection.cover", o.Cover, pictureRule()),
			checkText("openseaCollection.slug", o.Slug, requiredName()),
		)
	}
	if err != nil {
		return in, err
	}
	given := in.Tags
	if in.Tags, err = checkTags("tags", given); err != nil {
		return in, err
	}
	in.givenTags = distinct(given)
	if in.MemberIds, err = checkIDs("memberIds", in.MemberIds, maxUserIDs, v.ID); err != nil {
		return in, err
	}
	if err := checkMaxUsers(in.MaxUsers); err != nil {
		return in, err
	}
	if people := len(in.MemberIds) + 1; in.MaxUsers > 0 && in.MaxUsers < people {
		return in, badInput("maxUsers",
			"maxUsers is %d, but the room would begin with %d members.",
			in.MaxUsers, people)
	}
	if in.AccessType == nil {
		// A chat between named people is never public by accident.
		access := room.AccessTypePUBLIC
		if len(in.MemberIds) > 0 {
			access = room.AccessTypePRIVATE
		}
		in.AccessType = &access
	}
	return in, nil
}

// distinct returns each of values once, in their order; never nil.
func distinct(values []string) []string {
	out := []string{}
	for _, value := range values {
		if !slices.Contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

// hash is the [requesthash.Of], of the tags as they were given.
func (in CreateRoomInput) hash() []byte {
	if in.givenTags != nil {
		in.Tags = in.givenTags
	}
	return requesthash.Of(in)
}

// CreateRoom creates a room that the viewer owns, or returns the room that the same request has
// created before, as it is now.
//
// Returns BAD_USER_INPUT if the input is not valid, UNKNOWN_USER if a member does not exist,
// FORBIDDEN if a member has not consented, ALREADY_IN_ROOM if the room is exclusive and a member,
// or the viewer without disconnect, is in another exclusive room, IDEMPOTENCY_CONFLICT if the key
// was used for another room, and NOT_FOUND if the viewer may no longer see the earlier room.
func (c *Chat) CreateRoom(ctx context.Context, v Viewer, in CreateRoomInput) (*ent.Room, error) {
	in, err := in.check(v)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	retries, request := retryPolicyOf(in.IdempotencyKey), in.request(v, id)
	if !in.Exclusive {
		n, err := in.newRoom(v, id)
		if err != nil {
			return nil, err
		}
		n.Request = request
		// If it was not inserted, a user in it does not exist or may not be added, the request
		// is a retry, or another room of the batch was rejected.
		if inserted, err := c.newRooms.Insert(ctx, retries, n); err != nil {
			return nil, fmt.Errorf("create room: %w", err)
		} else if inserted {
			return n.Room, nil
		}
	}
	var created *ent.Room
	var earlier uuid.UUID
	err = c.writes.Tx(ctx, retries, func(t *write.Tx) (err error) {
		if earlier, err = earlierRoom(ctx, t, request); err != nil || earlier != uuid.Nil {
			return err
		}
		if err := checkMayAdd(ctx, t, v, in.MemberIds, in.Exclusive); err != nil {
			return err
		}
		if in.Exclusive {
			var left *write.Room
			if in.Disconnect {
				if left, err = lockExclusiveRoom(ctx, t, v.ID); err != nil {
					return err
				}
			}
			if err := vacateSeats(
				ctx, t, v, append([]string{v.ID}, in.MemberIds...), in.Disconnect, left,
			); err != nil {
				return err
			}
		}
		created, err = createRoom(ctx, t, v, id, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create room: %w", err)
	}
	if earlier != uuid.Nil {
		seen, err := c.Room(ctx, v, earlier)
		return seen.Room, err
	}
	return created, nil
}

// request returns what identifies the request for the room with an id; nil without an
// idempotencyKey.
func (in CreateRoomInput) request(v Viewer, id uuid.UUID) *ent.RoomRequest {
	if in.IdempotencyKey == nil {
		return nil
	}
	return &ent.RoomRequest{UserID: v.ID, Key: *in.IdempotencyKey, Hash: in.hash(), RoomID: id}
}

// earlierRoom returns the id of the room that the same request has made before; [uuid.Nil] if there
// is none. It holds the key of the request, which may be nil, until the transaction ends, so that
// of many at once one makes the room.
func earlierRoom(ctx context.Context, t *write.Tx, request *ent.RoomRequest) (uuid.UUID, error) {
	if request == nil {
		return uuid.Nil, nil
	}
	earlier, err := t.RequestRoom(ctx, request)
	if earlier == nil || err != nil {
		return uuid.Nil, err
	}
	if !bytes.Equal(earlier.Hash, request.Hash) {
		return uuid.Nil, &Error{
			Code:    IdempotencyConflict,
			Message: "This idempotencyKey has been used for another room.",
		}
	}
	return earlier.RoomID, nil
}

// createRoom inserts a room and publishes it. The viewer may add its members: see checkMayAdd.
func createRoom(
	ctx context.Context, t *write.Tx, v Viewer, id uuid.UUID, in CreateRoomInput,
) (*ent.Room, error) {
	n, err := in.newRoom(v, id)
	if err != nil {
		return nil, err
	}
	if err := t.InsertRooms(ctx, []*write.NewRoom{n}); err != nil {
		return nil, err
	}
	if !n.Inserted {
		return nil, retry.ErrStale // a member has just changed their add permission
	}
	if in.Exclusive {
		if err := t.TakeSeats(ctx, n.Members); err != nil {
			return nil, err
		}
	}
	return n.Room, nil
}

// newRoom returns the room to insert for the input, under an id.
func (in CreateRoomInput) newRoom(v Viewer, id uuid.UUID) (*write.NewRoom, error) {
	at := write.Now()
	n := &write.NewRoom{Service: v.Admin, Room: &ent.Room{
		ID:          id,
		Name:        in.Name,
		Description: in.Description,
		AccessType:  *in.AccessType,
		MaxUsers:    in.MaxUsers,
		Exclusive:   in.Exclusive,
		Direct:      in.direct,
		SearchText:  text.SearchText(in.Name, in.Description, in.Tags),
		Key:         rand.Text(),
		CreatorID:   v.ID,
		OwnerID:     v.ID,
		MemberCount: 1 + len(in.MemberIds),
		CreatedAt:   at,
		UpdatedAt:   at,
		EventAt:     at,
	}}
	for i, user := range append([]string{v.ID}, in.MemberIds...) {
		member, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id: %w", err)
		}
		n.Members = append(n.Members, roomlog.Founder(i, member, id, user, at))
	}
	for i, tag := range in.Tags {
		n.Tags = append(n.Tags,
			&ent.RoomTag{RoomID: id, Position: i, Tag: tag, Folded: text.TagKey(tag)})
	}
	if o := in.OpenseaCollection; o != nil {
		n.OpenseaSlug, n.OpenseaName, n.OpenseaCover = &o.Slug, o.Name, o.Cover
	}
	return n, nil
}
