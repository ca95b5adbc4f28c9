package graph_test

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"parley/internal/testkit"
)

// TestCursorsOutOfTime hands in cursors of our form with a time that no database can compare with.
func TestCursorsOutOfTime(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		room := alice.Do(`mutation { createRoom(input: {}) { room { id } } }`, nil).
			Str("createRoom.room.id")
		for list, query := range map[byte]string{
			'a': `query($after: String) { myRooms(after: $after) { nodes { id } } }`,
			'r': `query($after: String) { rooms(after: $after) { nodes { id } } }`,
			'm': `query($after: String, $id: ID!) { roomInfo(roomId: $id) { members(after: $after) { nodes { id } } } }`,
		} {
			for _, micros := range []int64{math.MinInt64, math.MaxInt64, -1, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()} {
				e := alice.Refused(
					"BAD_USER_INPUT",
					query,
					testkit.Vars{"id": room, "after": cursor(list, micros)},
				)
				if e.Extensions["field"] != "after" {
					t.Errorf("%c at %d µs: %+v", list, micros, e)
				}
			}
			for _, micros := range []int64{0, time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro()} {
				alice.Do(query, testkit.Vars{"id": room, "after": cursor(list, micros)})
			}
		}
	})
}

// cursor is the cursor of a list at an instant.
func cursor(list byte, micros int64) string {
	raw := binary.BigEndian.AppendUint64([]byte{list}, uint64(micros))
	return base64.RawURLEncoding.EncodeToString(append(raw, make([]byte, 16)...))
}
