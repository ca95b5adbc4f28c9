package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCharts: the charts in docs/images are those of the tables.
func TestCharts(t *testing.T) {
	t.Parallel()
	want, err := draw("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/images/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, file := range files {
		svg, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(file)] = string(svg)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("charts are out of date: run go run ./bench/charts: -want +got:\n%s", diff)
	}
}

// TestReport: a report of the benchmarks has a chart for each table, whose bars have the lengths of
// the figures, and links no other charts.
func TestReport(t *testing.T) {
	t.Parallel()
	const page = "testdata/report.golden"
	folder := t.TempDir()
	if err := run(page, folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range regexp.MustCompile(`\]\((.*?)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(folder, link[1])); err != nil {
			t.Error(err)
		}
	}
	drawn, err := draw(page)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"deliveries-cpu.svg", "deliveries.svg", "floor-deliveries.svg", "floor-requests.svg",
		"requests-cpu.svg", "requests.svg",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(drawn))); diff != "" {
		t.Errorf("charts: -want +got:\n%s", diff)
	}
	bars := regexp.MustCompile(`<rect class="(.)" x="270" y="\d+" width="(\d+)"`)
	var lengths []string
	for _, bar := range bars.FindAllStringSubmatch(drawn["requests.svg"], -1) {
		lengths = append(lengths, bar[1]+bar[2])
	}
	// 1,000 and 2,000 requests a second for each of the four requests
	if got := strings.Join(
		lengths,
		" ",
	); got != strings.TrimSpace(
		strings.Repeat("a185 b370 ", 4),
	) {
		t.Errorf("bars %s", got)
	}
}

// TestUnreadableTables: a table that cannot be drawn is an error, not a missing chart.
func TestUnreadableTables(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"a word for a figure": "| | a | b |\n|---|---|---|\n| x: deliveries/s | 1 | many |\n",
		"a short row":         "| | a | b |\n|---|---|---|\n| x: deliveries/s | 1 |\n",
	} {
		page := filepath.Join(t.TempDir(), "page.md")
		if err := os.WriteFile(page, []byte("## Deliveries\n\n"+table), 0o600); err != nil {
			t.Fatal(err)
		}
		if drawn, err := draw(page); err == nil {
			t.Errorf("%s: %d charts", name, len(drawn))
		}
	}
}
