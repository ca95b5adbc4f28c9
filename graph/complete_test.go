package graph

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"parley/ent/migrate"
	"parley/ent/roomevent"
	"parley/graph/generated"
	"parley/internal/chat/roomlog"
)

// TestEveryKindIsShown: each kind of event of a room's log has a type in the schema. A kind that
// roomEvent leaves out would be skipped silently.
func TestEveryKindIsShown(t *testing.T) {
	t.Parallel()
	kinds := []roomevent.Kind{roomlog.KindMessageAdded}
	for _, column := range migrate.RoomEventsTable.Columns {
		if column.Name == roomevent.FieldKind {
			for _, kind := range column.Enums {
				kinds = append(kinds, roomevent.Kind(kind))
			}
		}
	}
	if len(kinds) == 1 {
		t.Fatal("the log has no kinds")
	}
	for _, kind := range kinds {
		if roomEvent(&roomlog.Event{Kind: kind}) == nil {
			t.Errorf("roomEvent does not show %s", kind)
		}
	}
}

// TestEverySubscriptionHasAStarter: starters has exactly the schema's subscriptions.
func TestEverySubscriptionHasAStarter(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	var want []string
	for _, field := range schema.Subscription.Fields {
		want = append(want, field.Name)
	}
	slices.Sort(want)
	got := slices.Sorted(maps.Keys((&Resolver{}).starters()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscriptions (-schema +starters):\n%s", diff)
	}
}

// TestEventArgumentsAreChecked: argumentChecks has exactly the fields with arguments that objects have.
func TestEventArgumentsAreChecked(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	var want []string
	for _, object := range schema.Types {
		if object.Kind != ast.Object || object.BuiltIn || object == schema.Query ||
			object == schema.Mutation || object == schema.Subscription {
			continue
		}
		for _, field := range object.Fields {
			if len(field.Arguments) > 0 {
				want = append(want, object.Name+"."+field.Name)
			}
		}
	}
	slices.Sort(want)
	got := slices.Sorted(maps.Keys(argumentChecks()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields with arguments (-schema +argumentChecks):\n%s", diff)
	}
}

// TestResolversAreImplemented: gqlgen writes resolvers that panic, to be completed by hand.
func TestResolversAreImplemented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.resolvers.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{"not implemented", "!!! WARNING !!!"} {
			if strings.Contains(string(text), left) {
				t.Errorf("%s has an unfinished stub of gqlgen: %q", file, left)
			}
		}
	}
}
