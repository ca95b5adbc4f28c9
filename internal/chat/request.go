package chat

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// request is what was asked for under an idempotencyKey: the values of its fields by their names in
// the schema. A field that is left out and one with its zero value are the same, so that a version
// of the program that has another field still knows the requests of the version before.
type request map[string][]string

func (r request) text(name, value string) {
	if value != "" {
		r[name] = []string{value}
	}
}

func (r request) list(name string, values []string) {
	if len(values) > 0 {
		r[name] = values
	}
}

func (r request) number(name string, value int) {
	if value != 0 {
		r[name] = []string{strconv.Itoa(value)}
	}
}

func (r request) flag(name string, value bool) {
	if value {
		r[name] = []string{"true"}
	}
}

// hash is the SHA-256 of the request: "1:" for this encoding, and then each field in the order of
// the names, as its name, the number of its values and the values; every part as LENGTH:BYTES. It
// is kept with what was made, so it must not change.
func (r request) hash() []byte {
	h := sha256.New()
	part := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	_, _ = io.WriteString(h, "1:") // a hash never fails
	for _, name := range slices.Sorted(maps.Keys(r)) {
		part(name)
		part(strconv.Itoa(len(r[name])))
		for _, value := range r[name] {
			part(value)
		}
	}
	return h.Sum(nil)
}
