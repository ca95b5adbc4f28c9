package chat

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/ent"
	"parley/ent/member"
	"parley/ent/message"
	"parley/ent/roomevent"
	"parley/internal/broker"
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
		Room: publicRoom(&ent.Room{
			ID:         id,
			Name:       "tea",
			Seq:        8,
			Key:        "key-secret",
			SearchText: "search-secret",
			CreatedAt:  at,
		}),
		Profiles: ProfileVersion{5},
		Events: []*Event{
			added(m),
			{
				Seq: 8, Kind: roomevent.KindMEMBER_JOINED, At: at, Subject: "bob",
				Role: member.RoleMEMBER, Member: publicMember(joined),
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
	c := &Chat{}
	want, err := c.Decode(id, commit)
	if err != nil {
		t.Fatal(err)
	}
	want[0].Message.IdempotencyKey = new(string) // hidden
	got, err := c.Decode(id, &broker.Encoded{JSON: data})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded %+v, want %+v", got, want)
	}
}

// TestCommitOfAnotherVersion: a node does not decode a commit whose columns differ.
func TestCommitOfAnotherVersion(t *testing.T) {
	c := &Chat{}
	for _, encoded := range []string{
		``, `[]`, `{}`, `{"format":"x","room":{},"events":[{"seq":1}]}`,
		`{"format":"` + commitFormat() + `","events":[{"seq":1}]}`,
		`{"format":"` + commitFormat() + `","room":{},"events":[]}`,
		`{"format":"` + commitFormat() + `","room":{},"events":[null]}`,
	} {
		if _, err := c.Decode(uuid.New(), &broker.Encoded{JSON: []byte(encoded)}); err == nil {
			t.Errorf("decodes %q", encoded)
		}
	}
}
