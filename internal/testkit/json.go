package testkit

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// JSON is a decoded JSON value. Reading what is not there fails the test.
type JSON struct {
	t     testing.TB
	value any
}

// At returns the value at a path of keys and indexes: "myRooms.nodes.0.id".
func (j JSON) At(path string) JSON {
	j.t.Helper()
	v := j.value
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			inner, ok := at[step]
			if !ok {
				j.t.Fatalf("no %q (of %q) in %v", step, path, v)
			}
			v = inner
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				j.t.Fatalf("no entry %q (of %q) in %v", step, path, v)
			}
			v = at[i]
		default:
			j.t.Fatalf("no %q (of %q) in %v", step, path, v)
		}
	}
	return JSON{j.t, v}
}

// Str is the string at a path.
func (j JSON) Str(path string) string {
	j.t.Helper()
	s, ok := j.At(path).value.(string)
	if !ok {
		j.t.Fatalf("%q is no string: %v", path, j.At(path).value)
	}
	return s
}

// Int is the number at a path.
func (j JSON) Int(path string) int {
	j.t.Helper()
	n, ok := j.At(path).value.(float64)
	if !ok {
		j.t.Fatalf("%q is no number: %v", path, j.At(path).value)
	}
	return int(n)
}

// Bool is the boolean at a path.
func (j JSON) Bool(path string) bool {
	j.t.Helper()
	b, ok := j.At(path).value.(bool)
	if !ok {
		j.t.Fatalf("%q is no boolean: %v", path, j.At(path).value)
	}
	return b
}

// IsNull tells whether the value at a path is null.
func (j JSON) IsNull(path string) bool {
	j.t.Helper()
	return j.At(path).value == nil
}

// List is the list at a path.
func (j JSON) List(path string) []JSON {
	j.t.Helper()
	list, ok := j.At(path).value.([]any)
	if !ok {
		j.t.Fatalf("%q is no list: %v", path, j.At(path).value)
	}
	out := make([]JSON, len(list))
	for i, v := range list {
		out[i] = JSON{j.t, v}
	}
	return out
}

// Strs is the list of strings at a path; a path behind each entry may follow a star: "nodes.*.id".
func (j JSON) Strs(path string) []string {
	j.t.Helper()
	list, behind, _ := strings.Cut(path, ".*.")
	entries := j.List(list)
	out := make([]string, len(entries))
	for i, entry := range entries {
		if behind != "" {
			entry = entry.At(behind)
		}
		out[i] = fmt.Sprint(entry.value)
	}
	return out
}

func (j JSON) String() string { return fmt.Sprint(j.value) }

// Decode writes the value to a Go value, as [json.Unmarshal] does.
func (j JSON) Decode(into any) {
	j.t.Helper()
	text, err := json.Marshal(j.value)
	if err != nil {
		j.t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		j.t.Fatalf("decode %s: %v", text, err)
	}
}

// Without is an object without one of its fields.
func (j JSON) Without(field string) JSON {
	object, ok := j.value.(map[string]any)
	if !ok {
		j.t.Fatalf("no object: %v", j.value)
	}
	rest := maps.Clone(object)
	delete(rest, field)
	return JSON{j.t, rest}
}
