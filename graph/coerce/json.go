package coerce

import (
	"bytes"
	"encoding/json"
)

// The methods below move through valid JSON. They never read beyond its end.

// peek returns the byte at the current position; 0 at the end.
func (d *decoder) peek() byte {
	if d.pos >= len(d.data) {
		return 0
	}
	return d.data[d.pos]
}

// space skips white space.
func (d *decoder) space() {
	for {
		switch d.peek() {
		case ' ', '\t', '\r', '\n':
			d.pos++
		default:
			return
		}
	}
}

// next moves to the next element of the list, or member of the object, that begins with open and
// ends with closing. It returns false behind the last.
func (d *decoder) next(open, closing byte) bool {
	d.space()
	switch d.peek() {
	case open, ',':
		d.pos++
		d.space()
	}
	if c := d.peek(); c == closing || c == 0 {
		d.pos++
		return false
	}
	return true
}

// text reads a string.
func (d *decoder) text() string {
	start := d.pos
	d.skipText()
	if d.pos-start < 2 {
		return ""
	}
	plain := d.data[start+1 : d.pos-1]
	if bytes.IndexByte(plain, '\\') < 0 {
		return string(plain)
	}
	var text string
	_ = json.Unmarshal(d.data[start:d.pos], &text) // the JSON is valid
	return text
}

// number reads a number as it is written.
func (d *decoder) number() string {
	start := d.pos
	d.skip()
	return string(d.data[start:d.pos])
}

// skip moves behind the value at the current position.
func (d *decoder) skip() {
	depth := 0
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case '"':
			d.skipText()
		case '{', '[':
			depth++
			d.pos++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
			d.pos++
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return
			}
			d.pos++
			continue
		default:
			d.pos++
			continue // a literal or number ends before the next delimiter
		}
		if depth == 0 {
			return
		}
	}
}

// skipText moves behind the string at the current position.
func (d *decoder) skipText() {
	d.pos++
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case '\\':
			d.pos++
		case '"':
			d.pos++
			return
		}
		d.pos++
	}
	d.pos = min(d.pos, len(d.data))
}
