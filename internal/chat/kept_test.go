package chat

import "testing"

// TestKept: what was used last stays, within the bytes.
func TestKept(t *testing.T) {
	k := newKept[string, int](100)
	there := func(key string) bool { _, ok := k.values.Peek(key); return ok }
	k.put("a", 1, 40)
	k.put("b", 2, 40)
	k.get("a")
	k.put("c", 3, 40)
	if there("b") || !there("a") || !there("c") || k.bytes != 80 {
		t.Errorf(
			"a, b and c are there: %t, %t, %t, in %d bytes",
			there("a"),
			there("b"),
			there("c"),
			k.bytes,
		)
	}
	k.put("a", 4, 90) // in the place of the one before, which costs no more
	if v, _ := k.get("a"); v != 4 || there("c") || k.bytes != 90 {
		t.Errorf("a is %d, c is there: %t, in %d bytes", v, there("c"), k.bytes)
	}
	k.put("a", 5, 101)
	if there("a") || k.bytes != 0 {
		t.Errorf("what does not fit is there, in %d bytes", k.bytes)
	}
}
