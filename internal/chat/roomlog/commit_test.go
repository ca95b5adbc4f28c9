package roomlog

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/room"
	"parley/ent/roomevent"
	"parley/internal/broker"
	"parley/internal/chat/profiles"
)

// TestCommitRoundTrip: another node decodes what a commit publishes, and nothing secret leaves the
// node.
func TestCommitRoundTrip(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 123456000, time.UTC)
	key, id := "idempotency-secret", uuid.New()
	m := &ent.Message{
		ID:       3,
		RoomID:   id,
		Seq:      7,
		AuthorID: "ann",
		Type:     message.TypeTEXT,
		Contents: "hello",
		Mentions: []string{
			"bob",
		},
		IdempotencyKey: &key,
		RequestHash:    []byte("hash-secret"),
		CreatedAt:      at,
	}
	joined := &ent.Member{
		ID: uuid.New(), RoomID: id, UserID: "bob", Role: member.RoleMEMBER, JoinedAt: at,
		LastReadSeq: 424242, OthersRead: 434343,
	}
	commit := &Commit{
		Room: PublicRoom(&ent.Room{
			ID:         id,
			Name:       "tea",
			Seq:        8,
			Key:        "key-secret",
			SearchText: "search-secret",
			CreatedAt:  at,
		}),
		Profiles: profiles.Version{5},
		Events: []*Event{
			Added(m),
			{
				Seq: 8, Kind: roomevent.KindMEMBER_JOINED, At: at, Subject: "bob",
				Role: member.RoleMEMBER, Member: PublicMember(joined),
			},
		},
	}
	data, err := commit.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret", "424242", "434343"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("the commit has %s: %s", secret, data)
		}
	}
	if m.IdempotencyKey == nil || *m.IdempotencyKey != key {
		t.Error("encoding changes the message")
	}
	want, err := Decode(id, commit)
	if err != nil {
		t.Fatal(err)
	}
	want[0].Message.IdempotencyKey = new(string) // hidden
	got, err := Decode(id, &broker.Encoded{JSON: data})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Concat(got, want) {
		e.room, e.commit = e.RoomState(), nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded %+v, want %+v", got, want)
	}
}

// TestAboutIsDecodedLater: the room of a commit is decoded when it is asked for, and unknown if it
// cannot be decoded.
func TestAboutIsDecodedLater(t *testing.T) {
	id := uuid.New()
	for row, want := range map[string]*ent.Room{
		`{"id":"` + id.String() + `","name":"tea"}`: {ID: id, Name: "tea"},
		`{`: nil,
	} {
		events, err := Decode(id, &Commit{Row: []byte(row), Events: []*Event{{Seq: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		if events[0].commit.Room != nil {
			t.Errorf("%s is decoded at once", row)
		}
		for range 2 {
			if got := events[0].RoomState(); !reflect.DeepEqual(got, want) {
				t.Errorf("%s decodes to %+v, want %+v", row, got, want)
			}
		}
	}
}

// TestRoomCommitRoundTrip is TestCommitRoundTrip for a new room.
func TestRoomCommitRoundTrip(t *testing.T) {
	id, at := uuid.New(), time.Date(2026, 11, 30, 12, 0, 0, 123456000, time.UTC)
	created := &ent.Room{
		ID: id, Name: "tea", AccessType: room.AccessTypePUBLIC, CreatorID: "ann", OwnerID: "ann",
		MemberCount: 2, Key: "key-secret", SearchText: "search-secret",
		CreatedAt: at, UpdatedAt: at, EventAt: at,
	}
	commit := &RoomCommit{
		Room: PublicRoom(created), Profiles: profiles.Version{5}, Tags: []string{"One", "two"},
		Members: []*ent.Member{
			Founder(0, uuid.New(), id, "ann", at), Founder(1, uuid.New(), id, "bob", at),
		},
	}
	data, err := commit.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("secret")) {
		t.Errorf("the commit has a secret: %s", data)
	}
	got, err := DecodeRoom(id, &broker.Encoded{JSON: data})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, commit) {
		t.Errorf("decoded %+v, want %+v", got, commit)
	}
	if _, err := DecodeRoom(uuid.New(), &broker.Encoded{JSON: data}); err == nil {
		t.Error("decodes the commit of another room")
	}
	for _, damaged := range []string{``, `{}`, string(data[:len(data)/2])} {
		if _, err := DecodeRoom(id, &broker.Encoded{JSON: []byte(damaged)}); err == nil {
			t.Errorf("decodes %q", damaged)
		}
	}
}

// TestCommitOfAnotherVersion: a node does not decode a commit whose columns differ.
func TestCommitOfAnotherVersion(t *testing.T) {
	for _, encoded := range []string{
		``, `[]`, `{}`, `{"format":"x","room":{},"events":[{"seq":1}]}`,
		`{"format":"` + commitFormat() + `","events":[{"seq":1}]}`,
		`{"format":"` + commitFormat() + `","room":{},"events":[]}`,
		`{"format":"` + commitFormat() + `","room":{},"events":[null]}`,
	} {
		if _, err := Decode(uuid.New(), &broker.Encoded{JSON: []byte(encoded)}); err == nil {
			t.Errorf("decodes %q", encoded)
		}
	}
}

// TestCopyIsWhole: a copy of a published event has all that was published.
func TestCopyIsWhole(t *testing.T) {
	event := &Event{
		Seq: 1, Kind: "k", At: time.Now(), Message: &ent.Message{}, Subject: "s",
		Member: &ent.Member{}, Role: "r", Reason: "x", Emoji: "e", On: true,
	}
	of := func(e *Event) reflect.Value { return reflect.ValueOf(e).Elem() }
	for i := range of(event).NumField() {
		field := of(event).Type().Field(i)
		published := field.IsExported() && field.Tag.Get("json") != "-"
		if published && of(event).Field(i).IsZero() {
			t.Errorf("the test sets no %s", field.Name)
		}
		if published && !reflect.DeepEqual(
			of(event.copy()).Field(i).Interface(), of(event).Field(i).Interface(),
		) {
			t.Errorf("a copy has another %s", field.Name)
		}
	}
}
