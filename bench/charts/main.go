// Command charts draws the tables of a page of results as SVG charts, so that a chart never differs
// from its table. The page is docs/performance.md, with the charts in docs/images, or one that the
// benchmarks have written (bench -report):
//
//	go run ./bench/charts [PAGE FOLDER]
package main

import (
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	page, folder := "docs/performance.md", "docs/images"
	if len(os.Args) == 3 {
		page, folder = os.Args[1], os.Args[2]
	}
	if err := run(page, folder); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "charts:", err)
		os.Exit(1)
	}
}

// run draws the charts of a page into a folder.
func run(page, folder string) error {
	drawn, err := draw(page)
	if err != nil {
		return err
	}
	for file, svg := range drawn {
		//nolint:gosec // the chart is public
		if err := os.WriteFile(filepath.Join(folder, file), []byte(svg), 0o644); err != nil {
			return fmt.Errorf("write the chart: %w", err)
		}
	}
	return nil
}

// draw returns the charts of the tables that a page has, by their files' names.
func draw(page string) (map[string]string, error) {
	text, err := os.ReadFile(page) //nolint:gosec // the page that the caller names
	if err != nil {
		return nil, fmt.Errorf("read the tables: %w", err)
	}
	drawn := map[string]string{}
	for _, c := range charts() {
		svg, err := c.draw(string(text))
		switch {
		case errors.Is(err, errNoTable):
		case err != nil:
			return nil, fmt.Errorf("draw %s: %w", c.file, err)
		default:
			drawn[c.file] = svg
		}
	}
	return drawn, nil
}

// errNoTable is the error of a chart whose table, or whose rows, the page does not have.
var errNoTable = errors.New("the page has no such table")

// chart shows two columns of a table as pairs of bars.
type chart struct {
	file, title string
	// heading is that of the section whose first table is drawn.
	heading string
	// first and second are the numbers of the columns, and names what they stand for.
	first, second int
	names         [2]string
	// rows is the end of the names of the rows that are drawn. named is whether the columns before
	// the first one are part of the name.
	rows  string
	named bool
}

func charts() []chart {
	peers, floor := [2]string{"Mercurius", "Parley"}, [2]string{"floor", "Parley"}
	return []chart{
		{
			file: "requests.svg", title: "Requests per second (more is better)",
			heading: "# Performance", first: 1, second: 2, names: peers,
		},
		{
			file: "requests-cpu.svg", title: "Server CPU per request (less is better)",
			heading: "# Performance", first: 4, second: 5, names: peers,
		},
		{
			file: "deliveries.svg", title: "Deliveries per second (more is better)",
			heading: "## Deliveries", first: 1, second: 2, names: peers, rows: ": deliveries/s",
		},
		{
			file:    "deliveries-cpu.svg",
			title:   "Server CPU per delivery (less is better)",
			heading: "## Deliveries",
			first:   1,
			second:  2,
			names:   peers,
			rows:    ": server CPU a delivery",
		},
		{
			file: "floor-requests.svg", title: "Server CPU per request (less is better)",
			heading: "## Floor of requests", first: 1, second: 2, names: floor,
		},
		{
			file: "floor-deliveries.svg", heading: "## Floor of deliveries",
			title: "Server CPU per delivery, without the sends (less is better)",
			first: 1, second: 2, names: floor,
		},
		{
			file: "durability.svg", title: "Writes per second on SQLite (more is better)",
			heading: "## Durability on SQLite", first: 2, second: 3, named: true,
			names: [2]string{"full", "normal"},
		},
	}
}

// bars is a row of the table: its name, and the two values as they are written and as numbers.
type bars struct {
	name   string
	text   [2]string
	values [2]float64
}

// read returns the rows of the chart's table.
func (c chart) read(page string) ([]bars, error) {
	_, section, ok := strings.Cut("\n"+page, "\n"+c.heading+"\n")
	if !ok {
		return nil, errNoTable
	}
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, ok := strings.Cut(section, "\n|---") // the line below the header
	if !ok {
		return nil, errNoTable
	}
	var rows []bars
	for i, line := range strings.Split(table, "\n") {
		if i == 0 {
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) <= c.second {
			return nil, fmt.Errorf("a row is too short: %s", line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if !strings.HasSuffix(cells[0], c.rows) {
			continue
		}
		row := bars{name: strings.TrimSuffix(cells[0], c.rows)}
		for _, more := range cells[1:c.first] {
			if c.named {
				row.name += ", " + more
			}
		}
		row.text = [2]string{cells[c.first], cells[c.second]}
		for i, text := range row.text {
			number, _, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), " ")
			value, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no figure: %s", text, line)
			}
			row.values[i] = value
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errNoTable
	}
	return rows, nil
}

// The sizes of a chart, in pixels.
const (
	width, labels, values = 720, 270, 80
	top, barHeight, gap   = 62, 16, 16
)

// draw returns the chart as SVG. The longest bar has the largest value.
func (c chart) draw(page string) (string, error) {
	rows, err := c.read(page)
	if err != nil {
		return "", err
	}
	largest := 1e-9 // not zero
	for _, r := range rows {
		largest = max(largest, r.values[0], r.values[1])
	}
	var svg strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&svg, format+"\n", args...) }
	height := top + len(rows)*(2*barHeight+gap)
	line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`,
		width, height, html.EscapeString(c.title))
	line(`<style>`)
	line(`svg { font: 13px system-ui, sans-serif; background: #fff } text { fill: #1f2328 }`)
	line(`.a { fill: #8c959f } .b { fill: #0969da }`)
	line(`@media (prefers-color-scheme: dark) {`)
	line(`svg { background: #0d1117 } text { fill: #e6edf3 } .b { fill: #4493f8 } }`)
	line(`</style>`)
	line(
		`<text x="12" y="22" font-size="15" font-weight="600">%s</text>`,
		html.EscapeString(c.title),
	)
	for i, name := range c.names {
		x := 12 + i*110
		line(`<rect class="%c" x="%d" y="34" width="12" height="12"/>`, 'a'+i, x)
		line(`<text x="%d" y="45">%s</text>`, x+18, html.EscapeString(name))
	}
	for i, r := range rows {
		y := top + i*(2*barHeight+gap)
		line(`<text x="%d" y="%d" text-anchor="end">%s</text>`,
			labels-10, y+barHeight+4, html.EscapeString(r.name))
		for j, value := range r.values {
			length := max(int(value/largest*(width-labels-values)), 1)
			line(`<rect class="%c" x="%d" y="%d" width="%d" height="%d"/>`,
				'a'+j, labels, y+j*barHeight, length, barHeight-1)
			line(`<text x="%d" y="%d" font-size="12">%s</text>`,
				labels+length+6, y+j*barHeight+12, html.EscapeString(r.text[j]))
		}
	}
	line(`</svg>`)
	return svg.String(), nil
}
