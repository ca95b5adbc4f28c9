package guard

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func TestSingleRoot(t *testing.T) {
	t.Parallel()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { a: Int }
		type Subscription { a: Int b(c: Int): Int }
	`})
	for query, want := range map[string]bool{
		`subscription { a }`:    true,
		`subscription { x: a }`: true,
		`subscription { a a }`:  true,
		`subscription { a ...F } fragment F on Subscription { a }`:                true,
		`subscription { ... { a } ... on Subscription { a } }`:                    true,
		`subscription { x: a y: a }`:                                              false,
		`subscription { a b }`:                                                    false,
		`subscription { a ...F } fragment F on Subscription { b }`:                false,
		`subscription { __typename }`:                                             false,
		`subscription { a __typename }`:                                           false,
		`subscription { a @skip(if: false) }`:                                     false,
		`subscription($v: Boolean!) { a @include(if: $v) }`:                       false,
		`subscription { ... @include(if: true) { a } }`:                           false,
		`subscription { ...F @skip(if: false) } fragment F on Subscription { a }`: false,
		`subscription { ...F } fragment F on Subscription { a @skip(if: false) }`: false,
		`query { a __typename x: a @skip(if: true) }`:                             true,
	} {
		doc, err := gqlparser.LoadQueryWithRules(schema, query, rules.NewRules())
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		errs := validator.ValidateWithRules(schema, doc, rules.NewRules(core.Rule{
			Name: "SingleRoot", RuleFunc: singleRoot,
		}))
		if (len(errs) == 0) != want {
			t.Errorf("%s: %v; want accepted: %v", query, errs, want)
		}
	}
}
