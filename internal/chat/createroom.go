package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/ent/roomrequest"
	"parley/ent/user"
	"parley/internal/broker"
	"parley/internal/chat/retry"
	"parley/internal/chat/writequeue"
	"parley/internal/store"
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
	if in.MemberIds, err = checkIDs("memberIds", in.MemberIds, maxNamed, v.ID); err != nil {
		return in, err
	}
	if err := checkMaxUsers(in.MaxUsers); err != nil {
		return in, err
	}
	if people := len(in.MemberIds) + 1; in.MaxUsers > 0 && in.MaxUsers < people {
		return in, badInput(
			"maxUsers",
			fmt.Sprintf(
				"maxUsers is %d, but %d people are to be in the room from its start.",
				in.MaxUsers,
				people,
			),
		)
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

// hash is the [requestHash], of the tags as they were given.
func (in CreateRoomInput) hash() []byte {
	if in.givenTags != nil {
		in.Tags = in.givenTags
	}
	return requestHash(in)
}

// CreateRoom makes a room that the viewer owns, or returns the one that the same request has made
// before, as it is now: NOT_FOUND where the viewer can no longer see it.
func (c *Chat) CreateRoom(ctx context.Context, v Viewer, in CreateRoomInput) (*ent.Room, error) {
	in, err := in.check(v)
	if err != nil {
		return nil, err
	}
	again := retry.Once
	if in.IdempotencyKey != nil {
		again = retry.Idempotent
	}
	if !in.Exclusive {
		if made, err := c.createInBatch(ctx, v, in, again); made != nil || err != nil {
			return made, err
		}
	}
	var made *ent.Room
	var before uuid.UUID
	err = c.tx(ctx, again, func(t *tx) error {
		id, requested, err := t.requestRoom(ctx, v, in)
		if err != nil {
			return err
		}
		if requested {
			before = id
			return nil
		}
		if err := t.checkMayAdd(ctx, v, in.MemberIds, in.Exclusive); err != nil {
			return err
		}
		if in.Exclusive {
			var left *held
			if in.Disconnect {
				if left, err = t.holdSeatRoom(ctx, v.ID); err != nil {
					return err
				}
			}
			if err := t.clearSeats(
				ctx,
				v,
				append([]string{v.ID}, in.MemberIds...),
				in.Disconnect,
				left,
			); err != nil {
				return err
			}
		}
		made, err = t.createRoom(ctx, v, id, in)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("create room: %w", err)
	}
	if before != uuid.Nil {
		seen, err := c.Room(ctx, v, before)
		return seen.Room, err
	}
	return made, nil
}

// requestRoom returns the id of the room to make, or of the one that the request has made before.
// With an idempotencyKey it holds the key until the transaction ends, so that of many at once one
// makes the room.
func (t *tx) requestRoom(
	ctx context.Context,
	v Viewer,
	in CreateRoomInput,
) (id uuid.UUID, before bool, err error) {
	if id, err = uuid.NewV7(); err != nil {
		return id, false, fmt.Errorf("make an id: %w", err)
	}
	if in.IdempotencyKey == nil {
		return id, false, nil
	}
	hash := in.hash()
	first, err := inserted(t.RoomRequest.Create().
		SetUserID(v.ID).SetKey(*in.IdempotencyKey).SetHash(hash).SetRoomID(id).
		OnConflictColumns(roomrequest.FieldUserID, roomrequest.FieldKey).DoNothing().Exec(ctx))
	if err != nil || first {
		return id, false, err
	}
	request, err := t.RoomRequest.Query().
		Where(roomrequest.UserID(v.ID), roomrequest.Key(*in.IdempotencyKey)).Only(ctx)
	if err != nil {
		return id, false, fmt.Errorf("find the request made before: %w", err)
	}
	if !bytes.Equal(request.Hash, hash) {
		return id, false, &Error{
			Code:    IdempotencyConflict,
			Message: "This idempotencyKey has been used for another room.",
		}
	}
	return request.RoomID, true, nil
}

// createRoom inserts a room and publishes it. The viewer may add its members: see checkMayAdd.
func (t *tx) createRoom(
	ctx context.Context, v Viewer, id uuid.UUID, in CreateRoomInput,
) (*ent.Room, error) {
	n, err := in.newRoom(v, id)
	if err != nil {
		return nil, err
	}
	if err := t.insertRooms(ctx, []*newRoom{n}); err != nil {
		return nil, err
	}
	if !n.inserted {
		return nil, retry.ErrStale // a member has just changed their add permission
	}
	if in.Exclusive {
		if err := t.takeSeats(ctx, n.members); err != nil {
			return nil, err
		}
	}
	return n.Room, nil
}

const (
	// maxCreations is the most rooms that are created in one transaction, and maxCreationMembers
	// the most members in them. A room with more is created by itself.
	maxCreations       = 64
	maxCreationMembers = 500
)

// creation is a room that is created in a batch.
type creation struct {
	writequeue.Write
	*newRoom
	again retry.Policy
}

func (c *Chat) newCreations() *writequeue.Queue[*creation] {
	return writequeue.New(writequeue.Options[*creation]{
		Take: func(waiting []*creation) (batch, rest []*creation) {
			members, n := 0, 0
			for ; n < len(waiting) && n < maxCreations; n++ {
				if members += len(waiting[n].members); n > 0 && members > maxCreationMembers {
					break
				}
			}
			return waiting[:n:n], waiting[n:]
		},
		Do: func(batch []*creation) {
			c.createBatch(batch)
			c.creations.Settle(batch)
		},
		Panics: c.panics, Unknown: errUncertain,
	})
}

// createInBatch creates a room together with others that are created at the moment, if it takes no
// seats. It returns nil if the room has to be created alone, since a user in it does not exist or may
// not be added, the same request has been made before, or another room of the batch was refused.
func (c *Chat) createInBatch(
	ctx context.Context, v Viewer, in CreateRoomInput, again retry.Policy,
) (*ent.Room, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	n, err := in.newRoom(v, id)
	if err != nil {
		return nil, err
	}
	if in.IdempotencyKey != nil {
		n.request = &ent.RoomRequest{
			UserID: v.ID, Key: *in.IdempotencyKey, Hash: in.hash(), RoomID: id,
		}
	}
	w := &creation{writequeue.NewWrite(ctx), n, again}
	if len(n.members) > maxCreationMembers {
		c.createBatch([]*creation{w})
	} else if err := c.creations.Do(ctx, w); err != nil {
		return nil, fmt.Errorf("wait to create a room: %w", err)
	}
	if w.Err != nil {
		return nil, fmt.Errorf("create room: %w", w.Err)
	}
	if !n.inserted {
		return nil, nil
	}
	return n.Room, nil
}

// createBatch creates the rooms of a batch in one transaction, those of them that can be, and sets
// the outcomes.
func (c *Chat) createBatch(batch []*creation) {
	ctx, cancel := context.WithTimeout(batch[0].Context, batchTime)
	defer cancel()
	again := retry.Idempotent
	rooms := make([]*newRoom, len(batch))
	for i, w := range batch {
		if rooms[i] = w.newRoom; w.again == retry.Once {
			again = retry.Once
		}
	}
	var err error
	if c.dialect == dialect.Postgres {
		err = c.write(ctx, again, func() ([]broker.Publication, error) {
			return insertRooms(ctx, c.db, store.EachWritten, rooms)
		})
	} else {
		err = c.tx(ctx, again, func(t *tx) error { return t.insertRooms(ctx, rooms) })
	}
	if err == nil {
		return
	}
	for _, w := range batch {
		w.inserted = false
		if !worthAlone(err, w.again, len(batch)) {
			w.Err = err
		}
	}
}

// checkExist answers UNKNOWN_USER with the ids of those who do not. People are never deleted.
func (t *tx) checkExist(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	there, err := t.User.Query().Where(user.IDIn(store.Padded(ids)...)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look up %d users: %w", len(ids), err)
	}
	unknown := slices.DeleteFunc(
		slices.Clone(ids),
		func(id string) bool { return slices.Contains(there, id) },
	)
	if len(unknown) > 0 {
		return errUnknownUsers(unknown)
	}
	return nil
}

func (t *tx) addTags(ctx context.Context, roomID uuid.UUID, tags []string) error {
	err := t.RoomTag.MapCreateBulk(tags, func(tag *ent.RoomTagCreate, i int) {
		tag.SetRoomID(roomID).SetPosition(i).SetTag(tags[i]).SetFolded(text.TagKey(tags[i]))
	}).Exec(ctx)
	if err != nil {
		return fmt.Errorf("insert %d tags: %w", len(tags), err)
	}
	return nil
}
