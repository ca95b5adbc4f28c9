// Package requesthash tells requests apart that have the same idempotency key.
package requesthash

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Of returns the hash that tells one request from another under the same idempotencyKey:
// of all exported fields of its input, and of the inputs in it. A field that is left out and one
// with its zero value are the same, so that a version of the program that has another field still
// knows the requests of the version before.
//
// It is the SHA-256 of "1:" for this encoding, and then of each field in the order of the names, as
// its name in the schema, the number of its values and the values; every part as LENGTH:BYTES. It is
// stored with what was made, so it must not change.
func Of(input any) []byte {
	fields := make(map[string][]string)
	addFields(fields, "", reflect.ValueOf(input))
	h := sha256.New()
	part := func(s string) { fmt.Fprintf(h, "%d:%s", len(s), s) }
	_, _ = io.WriteString(h, "1:") // a hash never fails
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		part(name)
		part(strconv.Itoa(len(fields[name])))
		for _, value := range fields[name] {
			part(value)
		}
	}
	return h.Sum(nil)
}

// addFields adds the values of an input's fields that are set, by their names in the schema.
func addFields(fields map[string][]string, prefix string, input reflect.Value) {
	for i := range input.NumField() {
		field, value := input.Type().Field(i), reflect.Indirect(input.Field(i))
		if !field.IsExported() || field.Name == "IdempotencyKey" ||
			!value.IsValid() || value.IsZero() {
			continue
		}
		name := prefix + schemaName(field.Name)
		_, isText := reflect.TypeAssert[fmt.Stringer](value)
		switch {
		case value.Kind() == reflect.Struct && !isText:
			addFields(fields, name+".", value)
		case value.Kind() == reflect.Slice:
			for j := range value.Len() {
				fields[name] = append(fields[name], fmt.Sprint(value.Index(j)))
			}
		default:
			fields[name] = []string{fmt.Sprint(value)}
		}
	}
}

// schemaName returns the name of an input's field in the schema.
func schemaName(goName string) string {
	name := strings.NewReplacer("ID", "Id", "URL", "Url").Replace(goName)
	return strings.ToLower(name[:1]) + name[1:]
}
