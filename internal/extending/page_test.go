package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPageApplies: the files have the lines that the page's diffs refer to, and each edit can be
// undone. scripts/check-extending shows the rest.
func TestPageApplies(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := parsePage(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(sections) != 3 {
		t.Errorf("%d sections have places, want 3", len(sections))
	}
	for _, s := range sections {
		for _, p := range s.places {
			for _, e := range p.edits {
				if e.creates() {
					continue
				}
				text, err := os.ReadFile(e.file)
				if err != nil {
					t.Error(err)
					continue
				}
				lines := strings.Split(string(text), "\n")
				edited, err := e.apply(lines)
				if err != nil {
					t.Error(err)
					continue
				}
				undone, err := e.undo(edited)
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(lines, undone); diff != "" {
					t.Errorf("%s: undone it is another file:\n%s", p.name, diff)
				}
			}
		}
	}
}

// TestForgottenSilently: a place is reported of which the page claims what does not happen.
func TestForgottenSilently(t *testing.T) {
	t.Parallel()
	c := &checkout{dir: t.TempDir()}
	if err := c.write("go.mod", []byte("module example\n\ngo 1.26\n")); err != nil {
		t.Fatal(err)
	}
	if err := c.write("a.go", []byte("package example\n")); err != nil {
		t.Fatal(err)
	}
	err := c.prove(context.Background(), &place{name: "a place", claim: claim{pkg: "."}})
	if err == nil || !strings.Contains(err.Error(), "nothing fails") {
		t.Errorf("%v", err)
	}
}
