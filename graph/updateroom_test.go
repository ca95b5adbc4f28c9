package graph_test

import (
	"testing"

	"parley/internal/testkit"
)

const updateRoom = `mutation($input: UpdateRoomInput!) { updateRoom(input: $input) { room { name description accessType maxUsers tags seq updatedAt } } }`

func TestUpdateRoom(t *testing.T) {
	testkit.Each(t, func(t *testing.T, s *testkit.Server) {
		alice := s.As("alice")
		s.As("bob")
		room := makeRoom(
			alice,
			testkit.Vars{
				"name":        "old",
				"description": "d",
				"accessType":  "PUBLIC",
				"tags":        []string{"a", "b"},
				"memberIds":   []string{"bob"},
			},
		)
		stream := alice.Subscribe(roomEvents, testkit.Vars{"room": room})
		stream.Next()
		list := s.As("bob").Subscribe(`subscription { myRoomsChanged { kind room { name } } }`, nil)
		list.Next()
		update := func(input testkit.Vars) testkit.JSON {
			t.Helper()
			input["roomId"] = room
			return alice.Do(updateRoom, testkit.Vars{"input": input}).
				At("updateRoom.room").
				Without("updatedAt")
		}
		for _, c := range []struct {
			input testkit.Vars
			want  string
		}{
			{testkit.Vars{}, "map[accessType:PUBLIC description:d maxUsers:0 name:old seq:0 tags:[a b]]"},
			{testkit.Vars{"name": nil, "tags": nil, "maxUsers": nil, "accessType": nil, "description": nil}, "map[accessType:PUBLIC description:d maxUsers:0 name:old seq:0 tags:[a b]]"},
			{testkit.Vars{"name": "new", "tags": []string{"c", "A", "c"}}, "map[accessType:PUBLIC description:d maxUsers:0 name:new seq:1 tags:[c A]]"},
			{testkit.Vars{"name": "new", "tags": []string{"c", "A"}}, "map[accessType:PUBLIC description:d maxUsers:0 name:new seq:1 tags:[c A]]"},
			{testkit.Vars{"maxUsers": 2, "accessType": "PRIVATE"}, "map[accessType:PRIVATE description:d maxUsers:2 name:new seq:2 tags:[c A]]"},
			{testkit.Vars{"maxUsers": 0, "description": "", "accessType": "PUBLIC"}, "map[accessType:PUBLIC description: maxUsers:0 name:new seq:3 tags:[c A]]"},
			{testkit.Vars{"name": "", "tags": []string{}}, "map[accessType:PUBLIC description: maxUsers:0 name: seq:4 tags:[]]"},
			{testkit.Vars{"name": "found again", "tags": []string{"Tea"}}, "map[accessType:PUBLIC description: maxUsers:0 name:found again seq:5 tags:[Tea]]"},
		} {
			if got := update(c.input).String(); got != c.want {
				t.Errorf("%v:\n %s, want\n %s", c.input, got, c.want)
			}
		}
		for seq := 1; seq <= 5; seq++ {
			if e := stream.Next().
				At("roomEvents"); e.Str("__typename") != "RoomUpdated" ||
				e.Int("seq") != seq {
				t.Errorf("event %v", e)
			}
		}
		for list.Next().Str("myRoomsChanged.room.name") != "found again" { // changes come together
		}
		for _, query := range []string{`{ rooms(search: "AGAIN tea") { nodes { id } } }`, `{ rooms(tag: "tea") { nodes { id } } }`} {
			if got := s.As("carol").Do(query, nil).List("rooms.nodes"); len(got) != 1 {
				t.Errorf("%s finds %v", query, got)
			}
		}
		if got := s.As("carol").
			Do(`{ rooms(search: "old") { nodes { id } } }`, nil).
			List("rooms.nodes"); len(
			got,
		) != 0 {
			t.Errorf("the old name finds %v", got)
		}
		for field, input := range map[string]testkit.Vars{
			"maxUsers": {"maxUsers": 1}, "name": {"name": "a\x00"}, "tags": {"tags": []string{""}}, "description": {"description": "\x00"},
		} {
			input["roomId"] = room
			if e := alice.Refused(
				"BAD_USER_INPUT",
				updateRoom,
				testkit.Vars{"input": input},
			); e.Extensions["field"] != field {
				t.Errorf("%v: %+v", input, e)
			}
		}
		alice.Refused(
			"BAD_USER_INPUT",
			updateRoom,
			testkit.Vars{"input": testkit.Vars{"roomId": room, "maxUsers": -1}},
		)
	})
}
