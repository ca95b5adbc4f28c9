package hostile_test

import (
	"flag"
	"testing"

	"parley/internal/testkit"
)

// full runs the attacks at the size of a real attack, one after the other, and prints the victim's
// latencies. Without it the attacks have a reduced size.
var full = flag.Bool(
	"hostile.full",
	false,
	"run the attacks at full size, one at a time, and print a table",
)

func TestMain(m *testing.M) { testkit.Main(m) }
