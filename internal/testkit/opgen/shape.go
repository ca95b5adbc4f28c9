package opgen

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// shape is what a selection gives in a response: it decides whether another field may have the same
// name there.
type shape map[string]*slot

// slot is a name in a shape. Several fields may share it.
type slot struct {
	fields []namesake
	sub    shape // nil for leaves
}

// namesake is a field that gives a name in a response.
type namesake struct {
	parent *ast.Definition
	call   string // the field with its arguments
	typ    string
	leaf   bool
}

// merges returns true if two fields may have the same name in a response. It refuses some that may.
func (n namesake) merges(other namesake) bool {
	if n.typ != other.typ {
		return false
	}
	apart := n.parent != other.parent && n.parent.Kind == ast.Object &&
		other.parent.Kind == ast.Object
	return n.call == other.call || n.leaf && other.leaf && apart
}

func (s *slot) takes(n namesake) bool {
	return !slices.ContainsFunc(s.fields, func(other namesake) bool { return !n.merges(other) })
}

// takes returns true if all of other can be merged into the shape.
func (s shape) takes(other shape) bool {
	for name, theirs := range other {
		ours := s[name]
		if ours == nil {
			continue
		}
		for _, n := range theirs.fields {
			if !ours.takes(n) {
				return false
			}
		}
		if ours.sub != nil && !ours.sub.takes(theirs.sub) {
			return false
		}
	}
	return true
}

func (s shape) merge(other shape) {
	for name, theirs := range other {
		ours := s[name]
		if ours == nil {
			ours = &slot{}
			s[name] = ours
		}
		ours.fields = append(ours.fields, theirs.fields...)
		if theirs.sub != nil {
			if ours.sub == nil {
				ours.sub = shape{}
			}
			ours.sub.merge(theirs.sub)
		}
	}
}
