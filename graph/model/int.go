package model

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalInt writes a GraphQL Int.
func MarshalInt(n int) graphql.Marshaler { return MarshalInt64(int64(n)) }

// MarshalInt64 writes a GraphQL Int that Go holds in 64 bits.
func MarshalInt64(n int64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [20]byte
		_, _ = w.Write(
			strconv.AppendInt(buf[:0], n, 10),
		) // gqlgen writes to memory, which does not fail
	})
}

// UnmarshalInt reads a GraphQL Int: 32 bits with a sign (GraphQL specification, section 3.5.1).
func UnmarshalInt(v any) (int, error) {
	n, err := UnmarshalInt64(v)
	return int(n), err
}

// UnmarshalInt64 reads a GraphQL Int into 64 bits of Go.
func UnmarshalInt64(v any) (int64, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	case json.Number:
		parsed, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return 0, notInt(v)
		}
		n = parsed
	default:
		return 0, notInt(v)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, notInt(n)
	}
	return n, nil
}

func notInt(v any) error {
	return &InputError{fmt.Sprintf("%v is not an Int: a whole number of 32 bits", v)}
}

// InputError says that a value does not fit its type in the schema.
type InputError struct{ Message string }

func (e *InputError) Error() string { return e.Message }
