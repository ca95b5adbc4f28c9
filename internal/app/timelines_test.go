package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"parley/internal/app"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
	"parley/internal/chat/write"
	"parley/internal/testkit"
)

// silent publishes nothing.
type silent struct{}

func (silent) Publish(broker.Publication) {}
func (silent) Follows(uuid.UUID) bool     { return false }

// TestProfilesOfAnotherTimeline: the publication of a profile change that was lost with the primary
// before raises no profile version, so that the next change of the shard is found.
func TestProfilesOfAnotherTimeline(t *testing.T) {
	t.Parallel()
	var receiver broker.Listener
	url := testkit.MigratedPostgresURL(t)
	here := testkit.StartApp(
		t,
		url,
		app.Options{Publisher: func(l broker.Listener) write.Publisher {
			receiver = l
			return silent{}
		}},
	)
	there := testkit.StartApp(t, url, app.Options{
		Publisher: func(broker.Listener) write.Publisher { return silent{} },
	})
	alice, neighbor := "alice", ""
	for i := 0; profiles.ShardOf(neighbor) != profiles.ShardOf(alice); i++ {
		neighbor = fmt.Sprint("user-", i)
	}
	reader, writer := here.As("reader"), there.As(alice)
	room := writer.Do(`mutation { createRoom(input: {memberIds: ["reader"]}) { room { id } } }`, nil).
		Str("createRoom.room.id")
	nameOf := func() string {
		t.Helper()
		return reader.Do(`query($room: ID!) { roomInfo(roomId: $room) { creator { nickName } } }`,
			testkit.Vars{"room": room}).Str("roomInfo.creator.nickName")
	}
	setName := func(name string) {
		t.Helper()
		writer.Do(
			`mutation($name: String!) { updateProfile(input: {nickName: $name}) { user { id } } }`,
			testkit.Vars{"name": name},
		)
	}
	setName("first")
	if name := nameOf(); name != "first" {
		t.Fatalf("the profile is %q", name)
	}
	now, err := profiles.ReadNow(t.Context(), here.Ent())
	if err != nil {
		t.Fatal(err)
	}
	shard := profiles.ShardOf(alice)
	receiver.Receive(broker.Publication{
		Timeline: "1/1",
		Profiles: []broker.ProfileChange{{
			Shard: shard, From: now[shard], To: now[shard] + 1, UserIDs: []string{neighbor},
		}},
	})
	setName("second")
	if name := nameOf(); name != "second" {
		t.Errorf("after a change the profile is %q", name)
	}
}
