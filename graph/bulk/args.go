package bulk

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Args are the values of a field's arguments, defaults included.
type Args map[string]any

func argsOf(f *ast.Field, vars map[string]any) Args {
	if len(f.Definition.Arguments) == 0 {
		return nil
	}
	return f.ArgumentMap(vars)
}

// Text is the value of a String or ID; nil where it is null or left out.
func (a Args) Text(name string) (*string, error) { return arg[string](a, name) }

// Bool is the value of a Boolean; nil where it is null or left out.
func (a Args) Bool(name string) (*bool, error) { return arg[bool](a, name) }

// Int is the value of an Int; nil where it is null or left out.
func (a Args) Int(name string) (*int, error) {
	n, err := arg[int64](a, name)
	if n == nil || err != nil {
		return nil, err
	}
	if *n != int64(int32(*n)) {
		return nil, fmt.Errorf("%w: %s is out of range", ErrElsewhere, name)
	}
	value := int(*n)
	return &value, nil
}

// arg is the value of an argument that comes as a T. What a client may write otherwise, and what is wrong, is for another
// executor.
func arg[T any](a Args, name string) (*T, error) {
	switch v := a[name].(type) {
	case nil:
		return nil, nil
	case T:
		return &v, nil
	default:
		return nil, fmt.Errorf("%w: %s is a %T", ErrElsewhere, name, v)
	}
}
