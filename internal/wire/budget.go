package wire

import "sync/atomic"

// Budget bounds the bytes that many hold together. Nil is no bound.
type Budget struct {
	most int64
	held atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(most int64) *Budget { return &Budget{most: most} }

// Take takes n bytes, or nothing where there are not as many.
func (b *Budget) Take(n int64) bool {
	if b == nil {
		return true
	}
	if b.held.Add(n) > b.most {
		b.held.Add(-n)
		return false
	}
	return true
}

// Return gives back what was taken.
func (b *Budget) Return(n int64) {
	if b != nil {
		b.held.Add(-n)
	}
}

// Held is how many bytes are taken.
func (b *Budget) Held() int64 {
	if b == nil {
		return 0
	}
	return b.held.Load()
}
