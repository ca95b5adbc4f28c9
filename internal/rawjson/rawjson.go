// Package rawjson reads the members of a JSON object without decoding their values: what a client
// sends is decoded only where it is known what it may be.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// ErrNotObject means that a JSON text is not an object.
var ErrNotObject = errors.New("the JSON text is not an object")

// TrimBOM returns data without a byte order mark at its beginning, which a receiver may ignore (RFC
// 8259, section 8.1).
func TrimBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// Members returns the members of the object in data that are called one of names; of several with
// one name it is the last. Names are compared exactly, after their escapes have been decoded. The
// values are parts of data, not copies.
//
// It costs memory for the members that it returns alone, whatever else there is. It returns an
// error of encoding/json where data is not valid JSON, and ErrNotObject where it is not an object.
func Members(data []byte, names ...string) (map[string]json.RawMessage, error) {
	data = TrimBOM(data)
	if !json.Valid(data) {
		var nothing struct{}
		if err := json.Unmarshal(data, &nothing); err != nil {
			return nil, err
		}
	}
	s := Scanner{Data: data}
	s.Space()
	if s.Peek() != '{' {
		return nil, ErrNotObject
	}
	members := make(map[string]json.RawMessage, len(names))
	for s.Next('{') {
		name := s.member()
		i := slices.IndexFunc(names, func(known string) bool { return string(name) == known })
		if value := s.Value(); i >= 0 {
			members[names[i]] = value
		}
	}
	return members, nil
}

// Object returns the members of the object in valid JSON, each a [json.RawMessage] that is a part of
// valid; of several with one name it is the last. It returns nil for null, and false for any other
// value.
func Object(valid []byte) (members map[string]any, ok bool) {
	s := Scanner{Data: valid}
	s.Space()
	switch s.Peek() {
	case 'n':
		return nil, true
	case '{':
		members = map[string]any{}
		for s.Next('{') {
			name := s.Member()
			members[name] = s.Value()
		}
		return members, true
	default:
		return nil, false
	}
}

// Text returns the string in valid JSON. It returns "" for null, and false for any other value.
func Text(valid []byte) (text string, ok bool) {
	s := Scanner{Data: valid}
	s.Space()
	if s.Peek() == '"' {
		return s.Text(), true
	}
	return "", s.Peek() == 'n'
}

// Len returns how many members or elements the object or array in valid JSON has, without those of
// nested ones; 0 for other values.
func Len(valid []byte) int {
	s := Scanner{Data: valid}
	s.Space()
	open, n := s.Peek(), 0
	if open != '{' && open != '[' {
		return 0
	}
	for ; s.Next(open); n++ {
		if open == '{' {
			s.member()
		}
		s.Value()
	}
	return n
}

// Depth returns how deeply the arrays and objects of valid JSON are nested: 0 for a number, 1 for
// [1].
func Depth(valid []byte) int {
	s, depth, deepest := Scanner{Data: valid}, 0, 0
	for s.Pos < len(valid) {
		switch s.Peek() {
		case '"':
			s.Quoted()
			continue
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
		s.Pos++
	}
	return deepest
}
