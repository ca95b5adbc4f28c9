package chat

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"parley/internal/chat/requesthash"
	"parley/internal/chat/roomlog"
)

// on is do for values whose type the test's table does not tell.
func on[T, R any](do func(T) R) func(any) R {
	return func(v any) R { return do(v.(T)) } //nolint:errcheck // else the table is wrong
}

// TestHashesCoverInputs sets each field of the inputs that have an idempotencyKey: the hash is
// another. With a field that the hash leaves out, a request that differs in it would be taken for a
// retry.
func TestHashesCoverInputs(t *testing.T) {
	t.Parallel()
	hashed := map[string]struct {
		empty any
		hash  func(any) []byte
	}{
		"CreateRoomInput": {&CreateRoomInput{}, on((*CreateRoomInput).hash)},
		"SendMessageInput": {
			&SendMessageInput{},
			on(func(in *SendMessageInput) []byte { return requesthash.Of(*in) }),
		},
	}
	for _, name := range keyedInputs(t) {
		if _, tested := hashed[name]; !tested {
			t.Errorf("%s has an idempotencyKey, and no test of its hash", name)
		}
	}
	for name, test := range hashed {
		eachField(t, name, test.empty, func(path string, in any) {
			if path != name+".IdempotencyKey" &&
				string(test.hash(in)) == string(test.hash(test.empty)) {
				t.Errorf("the hash leaves %s out", path)
			}
		})
	}
}

// keyedInputs returns the names of the package's structs that have an IdempotencyKey.
func keyedInputs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, isType := n.(*ast.TypeSpec)
			if !isType {
				return true
			}
			if fields, isStruct := spec.Type.(*ast.StructType); isStruct {
				for _, f := range fields.Fields.List {
					isKey := func(id *ast.Ident) bool { return id.Name == "IdempotencyKey" }
					if slices.ContainsFunc(f.Names, isKey) {
						names = append(names, spec.Name.Name)
					}
				}
			}
			return true
		})
	}
	if len(names) == 0 {
		t.Fatal("no struct has an IdempotencyKey")
	}
	return names
}

// eachField calls with for each exported field of the struct that of points to, and for those of
// the structs in it, with a copy of it in which that field alone is set.
func eachField(t *testing.T, name string, of any, with func(path string, in any)) {
	t.Helper()
	top := reflect.TypeOf(of).Elem()
	var walk func(path string, at reflect.Type, field func(reflect.Value) reflect.Value)
	walk = func(path string, at reflect.Type, field func(reflect.Value) reflect.Value) {
		for i := range at.NumField() {
			f := at.Field(i)
			if !f.IsExported() {
				continue
			}
			own := func(v reflect.Value) reflect.Value { return field(v).Field(i) }
			if f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct &&
				strings.HasSuffix(f.Type.Elem().Name(), "Input") {
				walk(path+"."+f.Name, f.Type.Elem(), func(v reflect.Value) reflect.Value {
					p := own(v)
					if p.IsNil() {
						p.Set(reflect.New(f.Type.Elem()))
					}
					return p.Elem()
				})
				continue
			}
			in := reflect.New(top)
			if err := setSome(own(in.Elem())); err != nil {
				t.Errorf("%s.%s: %v", path, f.Name, err)
				continue
			}
			with(path+"."+f.Name, in.Interface())
		}
	}
	walk(name, top, func(v reflect.Value) reflect.Value { return v })
}

// setSome sets a field to something else than its zero value. Texts are such that no rule accepts.
func setSome(v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch value := v.Addr().Interface().(type) {
	case *uuid.UUID:
		*value = uuid.Max
		return nil
	case *roomlog.MessageID:
		*value = roomlog.MessageID{Room: uuid.Max, Seq: 1}
		return nil
	case *time.Time:
		*value = time.Unix(1, 0)
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("\x00")
	case reflect.Int, reflect.Int64:
		v.SetInt(-1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return setSome(v.Index(0))
	default:
		return fmt.Errorf("the test does not know how to set a %s", v.Type())
	}
	return nil
}

// TestInputsAreChecked gives each text of each input characters that no rule accepts, and each
// number a negative value: BAD_USER_INPUT, which names a field.
func TestInputsAreChecked(t *testing.T) {
	t.Parallel()
	typed := []string{
		"AccessType",
		"Type",
		"AddPermission",
	} // enums: the schema's coercion accepts its values only
	for name, test := range map[string]struct {
		empty any
		check func(any) error
	}{
		"CreateRoomInput": {&CreateRoomInput{}, on(func(in *CreateRoomInput) error {
			_, err := in.check(Viewer{ID: "viewer"})
			return err
		})},
		"UpdateRoomInput": {&UpdateRoomInput{}, on(func(in *UpdateRoomInput) error {
			_, err := in.check()
			return err
		})},
		"SendMessageInput": {&SendMessageInput{}, on(func(in *SendMessageInput) error {
			_, err := in.check()
			return err
		})},
		"ProfileInput": {&ProfileInput{}, on(func(in *ProfileInput) error {
			return in.check("")
		})},
	} {
		eachField(t, name, test.empty, func(path string, in any) {
			field := path[strings.LastIndex(path, ".")+1:]
			if slices.Contains(typed, field) || hasFlag(in, field) || field == "RoomID" {
				return
			}
			message, isMessage := in.(*SendMessageInput)
			if isMessage && message.Contents == "" {
				message.Contents = "something"
			}
			err := test.check(in)
			var refused []string
			for _, one := range parts(err) {
				if e, is := errors.AsType[*Error](one); is && e.Code == BadUserInput {
					refused = append(refused, e.Field)
				}
			}
			if !slices.ContainsFunc(refused, func(named string) bool {
				return strings.EqualFold(named[strings.LastIndex(named, ".")+1:], field)
			}) {
				t.Errorf("nothing checks %s: it fails for %q", path, refused)
			}
		})
	}
}

// hasFlag reports whether an input has a flag of that name: both of its values are fine.
func hasFlag(in any, field string) bool {
	f := reflect.ValueOf(in).Elem().FieldByName(field)
	return f.IsValid() && f.Kind() == reflect.Bool
}

// parts are the errors that err joins.
func parts(err error) []error {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, parts(one)...)
		}
		return all
	}
	return []error{err}
}
