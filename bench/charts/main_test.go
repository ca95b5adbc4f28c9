package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCharts: the charts in docs/images are those of the tables.
func TestCharts(t *testing.T) {
	t.Parallel()
	const docs = "../../docs"
	page, err := os.ReadFile(filepath.Join(docs, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range charts() {
		want, err := c.draw(string(page))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		got, err := os.ReadFile(filepath.Join(docs, "images", c.file))
		if err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): run go run ./bench/charts", c.file, err)
		}
	}
}
