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
	s := scanner{data: data}
	s.space()
	if s.data[s.at] != '{' {
		return nil, ErrNotObject
	}
	s.at++
	members := make(map[string]json.RawMessage, len(names))
	for {
		s.space()
		if s.data[s.at] == '}' {
			return members, nil
		}
		name, known := nameOf(s.text(), names)
		s.space()
		s.at++ // the colon
		s.space()
		if value := s.value(); known {
			members[name] = value
		}
		s.space()
		if s.data[s.at] == ',' {
			s.at++
		}
	}
}

// nameOf returns which of names a quoted string is.
func nameOf(quoted []byte, names []string) (string, bool) {
	is := func(name string) bool { return string(quoted[1:len(quoted)-1]) == name }
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var decoded string
		if json.Unmarshal(quoted, &decoded) != nil {
			return "", false
		}
		is = func(name string) bool { return decoded == name }
	}
	i := slices.IndexFunc(names, is)
	if i < 0 {
		return "", false
	}
	return names[i], true
}

// scanner steps through valid JSON.
type scanner struct {
	data []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.data) && isSpace(s.data[s.at]) {
		s.at++
	}
}

// text steps over a string and returns it with its quotes.
func (s *scanner) text() []byte {
	from := s.at
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	return s.data[from:s.at]
}

// value steps over a value and returns it.
func (s *scanner) value() json.RawMessage {
	from, depth := s.at, 0
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			s.text()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		default:
			s.at++
		}
		if depth == 0 && s.ends(from) {
			break
		}
	}
	return json.RawMessage(s.data[from:s.at])
}

// ends reports whether the value that begins at from, and is no part of another one, ends here.
func (s *scanner) ends(from int) bool {
	switch s.data[from] {
	case '"', '{', '[':
		return true
	default:
		return s.at == len(s.data) || isSpace(s.data[s.at]) ||
			bytes.IndexByte([]byte(",}]"), s.data[s.at]) >= 0
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// Len returns how many members or elements the object or array in valid JSON has, without those of
// nested ones; 0 for other values.
func Len(valid []byte) int {
	s, depth, commas, empty := scanner{data: valid}, 0, 0, true
	for s.at < len(valid) {
		c := valid[s.at]
		if c == '"' {
			s.text()
			empty = empty && depth != 1
			continue
		}
		switch {
		case c == '{' || c == '[':
			empty = empty && depth != 1
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 1:
			commas++
		case !isSpace(c):
			empty = empty && depth != 1
		}
		s.at++
	}
	if empty {
		return 0
	}
	return commas + 1
}

// Depth returns how deeply the arrays and objects of valid JSON are nested: 0 for a number, 1 for
// [1].
func Depth(valid []byte) int {
	s, depth, deepest := scanner{data: valid}, 0, 0
	for s.at < len(valid) {
		switch valid[s.at] {
		case '"':
			s.text()
			continue
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
		s.at++
	}
	return deepest
}
