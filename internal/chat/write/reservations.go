package write

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/directroom"
	"parley/ent/roomrequest"
	"parley/internal/chat/retry"
)

// ReserveDirectRoom returns the id of the room to make for two people, or of the one that is kept
// for them. It holds their place until the transaction ends, so that of many at once one makes the
// room.
func (t *Tx) ReserveDirectRoom(
	ctx context.Context,
	a, b string,
) (id uuid.UUID, existed bool, err error) {
	lower, higher := min(a, b), max(a, b)
	if id, err = uuid.NewV7(); err != nil {
		return id, false, fmt.Errorf("make an id: %w", err)
	}
	first, err := Inserted(
		t.DirectRoom.Create().SetLowerID(lower).SetHigherID(higher).SetRoomID(id).
			OnConflictColumns(directroom.FieldLowerID, directroom.FieldHigherID).
			DoNothing().Exec(ctx),
	)
	if err != nil || first {
		return id, false, err
	}
	rows, err := t.DirectRoom.Query().
		Where(directroom.LowerID(lower), directroom.HigherID(higher)).
		Only(ctx)
	if ent.IsNotFound(err) {
		return id, false, retry.ErrStale // released between the two statements
	}
	if err != nil {
		return id, false, fmt.Errorf("find the room kept for them: %w", err)
	}
	return rows.RoomID, true, nil
}

// RequestRoom inserts a request for a room, unless the user has made one with the same key before:
// then it returns that. It holds the key until the transaction ends, so that of many at once one
// makes the room.
func (t *Tx) RequestRoom(
	ctx context.Context, request *ent.RoomRequest,
) (earlier *ent.RoomRequest, err error) {
	first, err := Inserted(t.RoomRequest.Create().
		SetUserID(request.UserID).SetKey(request.Key).
		SetHash(request.Hash).SetRoomID(request.RoomID).
		OnConflictColumns(roomrequest.FieldUserID, roomrequest.FieldKey).DoNothing().Exec(ctx))
	if err != nil || first {
		return nil, err
	}
	earlier, err = t.RoomRequest.Query().
		Where(roomrequest.UserID(request.UserID), roomrequest.Key(request.Key)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the request made before: %w", err)
	}
	return earlier, nil
}
