package rawjson

import (
	"bytes"
	"encoding/json"
)

// Scanner moves through valid JSON. It never reads beyond the end.
type Scanner struct {
	Data []byte
	// Pos is where the next byte is in Data.
	Pos int
}

// Peek returns the byte at the current position; 0 at the end.
func (s *Scanner) Peek() byte {
	if s.Pos >= len(s.Data) {
		return 0
	}
	return s.Data[s.Pos]
}

// Space skips white space.
func (s *Scanner) Space() {
	for isSpace(s.Peek()) {
		s.Pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// Next moves to the next element of the array, or member of the object, that begins with open. It
// returns false behind the last.
func (s *Scanner) Next(open byte) bool {
	closing := open + ('}' - '{') // as far apart as the square brackets
	s.Space()
	switch s.Peek() {
	case open, ',':
		s.Pos++
		s.Space()
	}
	if c := s.Peek(); c == closing || c == 0 {
		s.Pos++
		return false
	}
	return true
}

// Member reads the name of a member and moves to its value.
func (s *Scanner) Member() string { return string(s.member()) }

// member is Member. Its result is a part of the data, where that has no escapes.
func (s *Scanner) member() []byte {
	name := unquote(s.Quoted())
	s.Space()
	s.Pos++ // the colon
	s.Space()
	return name
}

// Text reads a string.
func (s *Scanner) Text() string { return string(unquote(s.Quoted())) }

// Quoted reads a string with its quotes. The result is a part of the data.
func (s *Scanner) Quoted() []byte {
	start := s.Pos
	for s.Pos++; s.Pos < len(s.Data); s.Pos++ {
		switch s.Data[s.Pos] {
		case '\\':
			s.Pos++
		case '"':
			s.Pos++
			return s.Data[start:s.Pos]
		}
	}
	s.Pos = len(s.Data)
	return nil
}

// unquote returns what a string with its quotes stands for.
func unquote(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var text string
		_ = json.Unmarshal(quoted, &text) // the JSON is valid
		return []byte(text)
	}
	if len(quoted) < 2 {
		return nil
	}
	return quoted[1 : len(quoted)-1]
}

// Value reads a value, which begins here. The result is a part of the data.
func (s *Scanner) Value() json.RawMessage {
	start, depth := s.Pos, 0
	for s.Pos < len(s.Data) {
		switch c := s.Data[s.Pos]; {
		case c == '"':
			s.Quoted()
		case c == '{' || c == '[':
			depth++
			s.Pos++
		case depth == 0 && (c == ',' || c == '}' || c == ']' || isSpace(c)):
			return s.Data[start:s.Pos] // behind a number or a literal
		case c == '}' || c == ']':
			depth--
			s.Pos++
		default:
			s.Pos++
			continue // a number or a literal ends before the next delimiter
		}
		if depth == 0 {
			break
		}
	}
	return s.Data[start:s.Pos]
}
