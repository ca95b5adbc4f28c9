package chat

import (
	"encoding/hex"
	"testing"

	"github.com/google/uuid"

	"parley/ent/message"
	"parley/ent/room"
	"parley/internal/chat/requesthash"
	"parley/internal/chat/roomlog"
)

// TestHashesStay: the hashes of requests must not change. Databases contain them, and a retry after an
// upgrade must not fail with IDEMPOTENCY_CONFLICT.
func TestHashesStay(t *testing.T) {
	key := "k"
	access := room.AccessTypePRIVATE
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	full := CreateRoomInput{
		Name:        "Garden",
		Description: "Plants.\nAnd tea.",
		MemberIds:   []string{"bob", "carol"},
		AccessType:  &access,
		MaxUsers:    3,
		Tags:        []string{"a", "ö"},
		Exclusive:   true,
		Disconnect:  true,
		OpenseaCollection: &OpenseaCollectionInput{
			Name: "Apes",
			Slug: "apes",
		},
		IdempotencyKey: &key,
	}
	sent := SendMessageInput{
		RoomID:     id,
		Contents:   "Hello, 世界",
		Type:       message.TypeTEXT,
		ReplyToID:  &roomlog.MessageID{Room: id, Seq: 7},
		ThreadID:   &roomlog.MessageID{Room: id, Seq: 5},
		MentionIds: []string{"bob"},
		OpenseaItem: &OpenseaItemInput{
			ContractAddress: "0x1",
			TokenID:         "2",
			Name:            "Ape",
		},
		IdempotencyKey: &key,
	}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"no room":    {CreateRoomInput{}.hash(), "0758ffe9350a70a1adf269901b9aa458444de136e5b6d98091f8cc33580a0088"},
		"a room":     {full.hash(), "0c0bf403d85e7b56c7ceffe23442fb00fa6e96208c672fcdd0be14fff137dd6b"},
		"a message":  {requesthash.Of(SendMessageInput{RoomID: id, Contents: "x", Type: message.TypeTEXT}), "6441b04a354b55ecf1d7f52b3278f88705f531effbe24ddc91c0c4780a38dd37"},
		"its fields": {requesthash.Of(sent), "a09392dda697f92248fc672fa40b4b22060e50625a542629afcdfc37001e0c0f"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestHashesDiffer moves words from one field to the next: the hash is another.
func TestHashesDiffer(t *testing.T) {
	seen := map[string]int{}
	for i, in := range []CreateRoomInput{
		{},
		{Name: "ab"},
		{Description: "ab"},
		{Name: "a", Description: "b"},
		{Tags: []string{"ab"}},
		{Tags: []string{"a", "b"}},
		{Tags: []string{"b", "a"}},
		{MemberIds: []string{"a", "b"}},
		{MemberIds: []string{"a"}, Tags: []string{"b"}},
		{MaxUsers: 1},
		{MaxUsers: 11},
		{Exclusive: true},
		{Disconnect: true},
		{Name: "1:a"},
		{OpenseaCollection: &OpenseaCollectionInput{Slug: "ab"}},
	} {
		if other, ok := seen[string(in.hash())]; ok {
			t.Errorf("requests %d and %d have one hash", other, i)
		}
		seen[string(in.hash())] = i
	}
	key := "k"
	if a, b := (CreateRoomInput{Name: "a"}), (CreateRoomInput{Name: "a", IdempotencyKey: &key}); string(
		a.hash(),
	) != string(
		b.hash(),
	) {
		t.Error("the key is part of the hash")
	}
}
