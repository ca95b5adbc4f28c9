package model

import (
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"parley/graph/exec"
)

// MarshalTime writes an instant in UTC as RFC 3339, always with six digits of a second.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [len(`"2006-01-02T15:04:05.000000Z"`)]byte
		_, _ = w.Write(exec.Time(buf[:0], t)) // gqlgen writes to memory: it never fails
	})
}

// UnmarshalTime reads an instant in RFC 3339.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, notTime(v)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, notTime(v)
	}
	return t.UTC(), nil
}

func notTime(v any) error { return &InputError{fmt.Sprintf("%v is not a time in RFC 3339", v)} }
