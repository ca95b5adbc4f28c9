package model

import (
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalTime writes an instant in UTC as RFC 3339 with as many fractional digits as are known.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [len(`"`+time.RFC3339Nano+`"`) + 8]byte
		out := append(buf[:0], '"')
		out = t.UTC().AppendFormat(out, time.RFC3339Nano)
		_, _ = w.Write(append(out, '"')) // gqlgen writes to memory; there is nobody to tell
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
