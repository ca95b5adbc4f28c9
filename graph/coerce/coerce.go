// Package coerce turns the values that clients send into the values that the schema declares
// (GraphQL specification, sections "Input Coercion" and "Coercing Variable Values"), before
// anything is executed.
//
// [Check] looks at a document once: it refuses literals that do not fit their types. [Variables]
// looks at every request: it decodes the JSON of the declared variables by their types, and
// nothing else. An operation that passes both has no argument that a resolver could refuse for
// its type.
package coerce

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The names of the built-in scalars that literals and variables are read as.
const (
	intType     = "Int"
	floatType   = "Float"
	stringType  = "String"
	booleanType = "Boolean"
	idType      = "ID"
)

// invalid is an error with the code GRAPHQL_VALIDATION_FAILED.
func invalid(at *ast.Position, format string, args ...any) *gqlerror.Error {
	err := &gqlerror.Error{
		Message:    fmt.Sprintf(format, args...),
		Extensions: map[string]any{"code": errcode.ValidationFailed},
	}
	if at != nil {
		err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return err
}

// isInt32 reports whether f is a whole number that a GraphQL Int can hold.
func isInt32(f float64) bool {
	return f == math.Trunc(f) && f >= math.MinInt32 && f <= math.MaxInt32
}

// integerText reports whether number, a JSON or GraphQL number, is written without a fraction and
// without an exponent.
func integerText(number string) bool { return !strings.ContainsAny(number, ".eE") }

// idText is the text of a number that stands for an ID; ok is false for a fraction.
func idText(number string) (text string, ok bool) {
	if integerText(number) {
		if number == "-0" {
			return "0", true
		}
		return number, true
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f != math.Trunc(f) {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', 0, 64), true
}

// hasDefault reports whether a field or argument that is left out gets a value.
func hasDefault(v *ast.Value) bool { return v != nil }

// isOneOf reports whether an input object takes exactly one of its fields.
func isOneOf(def *ast.Definition) bool { return def.Directives.ForName("oneOf") != nil }
