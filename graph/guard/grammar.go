package guard

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkGrammar refuses what gqlparser parses although the grammar of GraphQL (September 2025) does
// not allow it: half of a surrogate pair in a string, a quotation mark behind a block string, a
// name or a second point directly behind a number, and variables of a fragment. The parser has
// accepted text as doc. The error has the code GRAPHQL_PARSE_FAILED.
func checkGrammar(text string, doc *ast.QueryDocument) *gqlerror.Error {
	for _, f := range doc.Fragments {
		if len(f.VariableDefinition) > 0 {
			return unparsable(text, 0, f.Position, "A fragment cannot define variables.")
		}
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '#':
			i += lineLength(text[i:])
		case strings.HasPrefix(text[i:], `"""`):
			i = blockEnd(text, i)
			if i < len(text) && text[i] == '"' {
				return unparsable(text, i, nil, "A quotation mark follows a block string.")
			}
		case c == '"':
			end, half := stringEnd(text, i)
			if half >= 0 {
				return unparsable(text, half, nil,
					"A string has half of a surrogate pair, which is not a character.")
			}
			i = end
		case c == '-' || isDigit(c):
			i = numberEnd(text, i)
			if i < len(text) && (isNameByte(text[i]) || text[i] == '.') {
				return unparsable(text, i, nil, "A number is followed by %q.", text[i:i+1])
			}
		case isNameByte(c):
			for i < len(text) && isNameByte(text[i]) {
				i++
			}
		default:
			i++
		}
	}
	return nil
}

// unparsable returns an error at a position, or else at the byte i of text.
func unparsable(text string, i int, at *ast.Position, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	if at == nil {
		before := text[:i]
		column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		at = &ast.Position{Line: strings.Count(before, "\n") + 1, Column: column}
	}
	err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	errcode.Set(err, errcode.ParseFailed)
	return err
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// lineLength returns the length of the first line of a text, without its end.
func lineLength(text string) int {
	if n := strings.IndexAny(text, "\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

// blockEnd returns where the block string that begins at i ends.
func blockEnd(text string, i int) int {
	for i += 3; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], `\"""`):
			i += 3
		case strings.HasPrefix(text[i:], `"""`):
			return i + 3
		}
	}
	return i
}

// stringEnd returns where the string that begins at i ends, and where in it half of a surrogate
// pair is; -1 for none.
func stringEnd(text string, i int) (end, half int) {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] != '\\' {
			continue
		}
		switch unit := codeUnit(text, i); {
		case isHigh(unit):
			if !isLow(codeUnit(text, i+len(`\uD83D`))) {
				return 0, i
			}
			i += len(`\uD83D\uDE0`)
		case isLow(unit):
			return 0, i
		default:
			i++ // an escaped quotation mark does not end the string
		}
	}
	return i + 1, -1
}

// codeUnit returns the code unit of the escape \uXXXX at i; -1 if there is none.
func codeUnit(text string, i int) int64 {
	const length = len(`\uD83D`)
	if i+length > len(text) || text[i:i+2] != `\u` {
		return -1
	}
	unit, err := strconv.ParseUint(text[i+2:i+length], 16, 16)
	if err != nil {
		return -1
	}
	return int64(unit)
}

func isHigh(unit int64) bool { return unit >= 0xD800 && unit <= 0xDBFF }

func isLow(unit int64) bool { return unit >= 0xDC00 && unit <= 0xDFFF }

// numberEnd returns where the number that begins at i ends.
func numberEnd(text string, i int) int {
	digits := func() {
		for i < len(text) && isDigit(text[i]) {
			i++
		}
	}
	i++ // the sign, or the first digit
	digits()
	if i < len(text) && text[i] == '.' {
		i++
		digits()
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '-' || text[i] == '+') {
			i++
		}
		digits()
	}
	return i
}
