package broker_test

import (
	"testing"

	"parley/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
