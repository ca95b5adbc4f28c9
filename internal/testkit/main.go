package testkit

import (
	"testing"

	"parley/internal/store/storetest"
)

// Main runs a package's tests, stops what testkit started for them and then fails if goroutines are
// left:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) { storetest.Main(m) }
