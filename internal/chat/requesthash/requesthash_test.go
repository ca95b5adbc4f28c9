package requesthash_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"parley/ent/message"
	"parley/ent/room"
	"parley/internal/chat"
	"parley/internal/chat/requesthash"
	"parley/internal/chat/roomlog"
)

// inputs returns the inputs that have an idempotencyKey, and those in them, with values.
func inputs() []any {
	key := "key"
	access := room.AccessTypePRIVATE
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	collection := chat.OpenseaCollectionInput{Name: "Apes", Slug: "apes"}
	item := chat.OpenseaItemInput{ContractAddress: "0x1", TokenID: "2"}
	return []any{
		chat.CreateRoomInput{
			Name: "Garden", MemberIds: []string{"bob"}, AccessType: &access, MaxUsers: 3,
			Exclusive: true, OpenseaCollection: &collection, IdempotencyKey: &key,
		},
		chat.SendMessageInput{
			RoomID: id, Contents: "Hello", Type: message.TypeTEXT,
			ReplyToID: &roomlog.MessageID{Room: id, Seq: 7}, OpenseaItem: &item,
		},
		collection,
		item,
	}
}

// fieldValues returns two values for each kind of field that an input can have.
func fieldValues() [][2]any {
	text, otherText := "a", "b"
	item, otherItem := chat.OpenseaItemInput{Name: "a"}, chat.OpenseaItemInput{Name: "b"}
	message7, message8 := roomlog.MessageID{Seq: 7}, roomlog.MessageID{Seq: 8}
	return [][2]any{
		{text, otherText},
		{&text, &otherText},
		{[]string{"a"}, []string{"a", "a"}},
		{1, -1},
		{int64(1), int64(10)},
		{1.5, 1.25},
		{true, false},
		{message.TypeTEXT, message.TypeCARD},
		{[]message.Type{message.TypeTEXT}, []message.Type{message.TypeCARD}},
		{uuid.Max, uuid.NameSpaceDNS},
		{[]uuid.UUID{uuid.Max}, []uuid.UUID{uuid.NameSpaceDNS}},
		{message7, message8},
		{&message7, &message8},
		{item, otherItem},
		{&item, &otherItem},
	}
}

// exported returns the exported fields of a struct type, in their order.
func exported(input reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for f := range input.Fields() {
		if f.IsExported() {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type})
		}
	}
	return fields
}

// withFields returns a struct that has the fields of a type, with the values of an input.
func withFields(fields []reflect.StructField, input any) reflect.Value {
	v := reflect.New(reflect.StructOf(fields)).Elem()
	for _, f := range fields {
		if old := reflect.ValueOf(input).FieldByName(f.Name); old.IsValid() {
			v.FieldByName(f.Name).Set(old)
		}
	}
	return v
}

// TestHashCoversAddedFields adds a field of each kind to each input: its value is part of the hash,
// and while it has none the hash stays as it was before there was such a field.
func TestHashCoversAddedFields(t *testing.T) {
	t.Parallel()
	for _, input := range inputs() {
		before := requesthash.Of(input)
		for _, values := range fieldValues() {
			kind := reflect.TypeOf(values[0])
			t.Run(fmt.Sprintf("%T/%v", input, kind), func(t *testing.T) {
				t.Parallel()
				added := reflect.StructField{Name: "Added", Type: kind}
				extended := withFields(append(exported(reflect.TypeOf(input)), added), input)
				hashes := [][]byte{requesthash.Of(extended.Interface())}
				if !bytes.Equal(hashes[0], before) {
					t.Error("a field without a value changes the hash")
				}
				for _, value := range values {
					extended.FieldByName("Added").Set(reflect.ValueOf(value))
					hash := requesthash.Of(extended.Interface())
					isZero := reflect.ValueOf(value).IsZero()
					if same := containsHash(hashes, hash); same != isZero {
						t.Errorf("the hash with %v was there before: %t", value, same)
					}
					hashes = append(hashes, hash)
				}
			})
		}
	}
}

func containsHash(hashes [][]byte, hash []byte) bool {
	return slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, hash) })
}

// TestFieldsHaveKindsThatAreEncoded fails for a field of a kind that [requesthash.Of] does not
// encode without doubt: the elements of a slice of structs run together, a slice of pointers has
// other values in each process, and so has a map of pointers.
func TestFieldsHaveKindsThatAreEncoded(t *testing.T) {
	t.Parallel()
	tested := make(map[reflect.Type]bool)
	for _, values := range fieldValues() {
		tested[reflect.TypeOf(values[0])] = true
	}
	for _, input := range inputs() {
		for _, f := range exported(reflect.TypeOf(input)) {
			kind := f.Type
			if kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
			}
			isInput := slices.ContainsFunc(
				inputs(),
				func(in any) bool { return reflect.TypeOf(in) == kind },
			)
			if !tested[kind] && !isInput && kind != reflect.TypeFor[room.AccessType]() {
				t.Errorf("no test hashes a field such as %T.%s, a %s", input, f.Name, f.Type)
			}
		}
	}
}

// TestHashLeavesKeyOut: the key that requests are compared under is no part of them.
func TestHashLeavesKeyOut(t *testing.T) {
	t.Parallel()
	one, other := "a", "b"
	for _, key := range []*string{&one, &other} {
		in := chat.SendMessageInput{Contents: "x", IdempotencyKey: key}
		if !bytes.Equal(requesthash.Of(in), requesthash.Of(chat.SendMessageInput{Contents: "x"})) {
			t.Errorf("the key %q changes the hash", *key)
		}
	}
}

// TestHashIgnoresFieldOrder hashes each input with its fields in the opposite order: the hash is
// the same, so that moving a field in the program conflicts with no stored request.
func TestHashIgnoresFieldOrder(t *testing.T) {
	t.Parallel()
	for _, input := range inputs() {
		fields := exported(reflect.TypeOf(input))
		slices.Reverse(fields)
		reversed := withFields(fields, input).Interface()
		if !bytes.Equal(requesthash.Of(input), requesthash.Of(reversed)) {
			t.Errorf("the hash of a %T depends on the order of its fields", input)
		}
	}
}

// pair is an input whose values could be taken for each other's.
type pair struct {
	A, B   string
	List   []string
	Other  []string
	Nested *pair
	Text   *string
}

// TestHashesAreDistinct hashes inputs that have the same text in other fields, or cut at other
// places: each has a hash of its own.
func TestHashesAreDistinct(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for i, in := range []pair{
		{},
		{A: "ab"},
		{B: "ab"},
		{A: "a", B: "b"},
		{A: "b", B: "a"},
		{A: "a1:b1:11:b"},
		{A: "a", B: "b1:b"},
		{A: "1:a"},
		{A: "a\x00b"},
		{List: []string{"ab"}},
		{List: []string{"a", "b"}},
		{List: []string{"b", "a"}},
		{List: []string{"a b"}},
		{List: []string{"[a b]"}},
		{List: []string{"a", ""}},
		{List: []string{"", "a"}},
		{List: []string{""}},
		{List: []string{"", ""}},
		{Other: []string{"a", "b"}},
		{List: []string{"a"}, Other: []string{"b"}},
		{List: []string{"a", "other", "b"}},
		{List: []string{"a", "1:b"}},
		{List: []string{"a", "5:other1:11:b"}},
		{Nested: &pair{A: "ab"}},
		{Nested: &pair{List: []string{"ab"}}},
		{Nested: &pair{Nested: &pair{A: "ab"}}},
		{A: "a", Nested: &pair{A: "b"}},
	} {
		hash := string(requesthash.Of(in))
		if other, ok := seen[hash]; ok {
			t.Errorf("inputs %d and %d have one hash", other, i)
		}
		seen[hash] = i
	}
}

// TestAbsentEqualsZero: null, a field that is left out, and a zero value are one request. A list of
// one empty text is another: see TestHashesAreDistinct.
func TestAbsentEqualsZero(t *testing.T) {
	t.Parallel()
	empty := ""
	absent := requesthash.Of(pair{})
	for name, in := range map[string]pair{
		"an empty list":                 {List: []string{}},
		"an empty text":                 {Text: &empty},
		"an empty input":                {Nested: &pair{}},
		"an input with an empty list":   {Nested: &pair{List: []string{}}},
		"an input with an empty input":  {Nested: &pair{Nested: &pair{}}},
		"lists and texts without value": {List: []string{}, Other: []string{}, Text: &empty},
	} {
		if !bytes.Equal(requesthash.Of(in), absent) {
			t.Errorf("%s is another request than none", name)
		}
	}
}

// TestEncoding spells out what is hashed. Databases contain the hashes, so it must not change.
func TestEncoding(t *testing.T) {
	t.Parallel()
	type nested struct {
		ImageURL string
		Count    int
	}
	type input struct {
		RoomID         uuid.UUID
		Name           string
		Tags           []string
		Flag           bool
		Nested         *nested
		IdempotencyKey *string
	}
	key := "k"
	got := requesthash.Of(input{
		RoomID: uuid.Max,
		Name:   "ö",
		Tags:   []string{"a", ""},
		Flag:   true,
		Nested: &nested{ImageURL: "u", Count: -1}, IdempotencyKey: &key,
	})
	encoded := "1:" +
		"4:flag" + "1:1" + "4:true" +
		"4:name" + "1:1" + "2:ö" +
		"12:nested.count" + "1:1" + "2:-1" +
		"15:nested.imageUrl" + "1:1" + "1:u" +
		"6:roomId" + "1:1" + "36:ffffffff-ffff-ffff-ffff-ffffffffffff" +
		"4:tags" + "1:2" + "1:a" + "0:"
	if want := sha256.Sum256([]byte(encoded)); !bytes.Equal(got, want[:]) {
		t.Errorf("the hash is %x, want that of %q", got, encoded)
	}
}
