// Package read reads rooms, their members and messages, and what users have in them.
//
// It does not authorize: its callers decide which users may see the results. The number of
// statements does not depend on the number of rooms, messages or users.
package read

import (
	"context"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/room"
	"parley/internal/chat/profiles"
	"parley/internal/chat/roomlog"
)

// cachedBytes is how many bytes of rooms are cached.
const cachedBytes = 64 << 20

// Reader reads a database, and caches rooms and users. It is safe for concurrent use.
type Reader struct {
	db      *ent.Client
	dialect string
	log     *roomlog.Log
	rooms   *roomCache
	users   *profiles.Users
	// generation returns the generation of what is read from now on, or an earlier one.
	generation func() int64
	// frozen: the database does not change, because it is that of a snapshot.
	frozen bool
}

// New returns a reader of a database with ent's dialect of the name. Rooms are cached as long as
// the generation of the database stays: it counts the times that the database has gone back.
func New(
	db *ent.Client, dialect string, users *profiles.Users, generation func() int64,
) *Reader {
	return &Reader{
		db: db, dialect: dialect, users: users, generation: generation,
		log: roomlog.New(db, dialect), rooms: newRoomCache(cachedBytes, generation),
	}
}

// UserStats counts the users that were needed.
func (rd *Reader) UserStats() profiles.Stats { return rd.users.Stats() }

// RoomBytes returns the estimated size of the cached rooms.
func (rd *Reader) RoomBytes() int { return rd.rooms.bytes() }

// Snapshot returns a reader of a transaction that sees the database as it is at one moment, and a
// room and the profile version at that moment. generation was that of the database before it began.
// Users may be newer. Returns ent's error for a row that does not exist if there is no such room.
func (rd *Reader) Snapshot(
	ctx context.Context, tx *ent.Client, generation int64, roomID uuid.UUID,
) (at *Reader, found *ent.Room, version profiles.Version, err error) {
	found, err = profiles.WithVersion(
		tx.Room.Query().Where(room.ID(roomID), room.DeletedAtIsNil())).Only(ctx)
	if err != nil {
		return nil, nil, version, err
	}
	if version, err = profiles.VersionOf(found); err != nil {
		return nil, nil, version, err
	}
	rd.rooms.putRooms(generation, found)
	frozen := *rd
	frozen.generation = func() int64 { return generation }
	frozen.db, frozen.frozen = tx, true
	return &frozen, found, version, nil
}
