package model

// Page is a page of a list. Its edges, cursors and page info are made when they are selected.
type Page[T any] struct {
	Items []T
	// Earlier and Later report whether there are items before and behind the page.
	Earlier, Later bool
	// CursorOf returns the cursor of an item.
	CursorOf func(T) string
}

// PageInfo is the page's place in the list.
func (p *Page[T]) PageInfo() *PageInfo {
	info := &PageInfo{HasPreviousPage: p.Earlier, HasNextPage: p.Later}
	if n := len(p.Items); n > 0 {
		first, last := p.CursorOf(p.Items[0]), p.CursorOf(p.Items[n-1])
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

// Edge is an item's place in a list.
type Edge[T any] struct {
	Item T
	page *Page[T]
}

// Cursor is the edge's own position.
func (e *Edge[T]) Cursor() string { return e.page.CursorOf(e.Item) }

// edges returns the edges of a page, each as of makes it.
func edges[T, E any](p *Page[T], of func(Edge[T]) E) []E {
	list := make([]E, len(p.Items))
	for i, item := range p.Items {
		list[i] = of(Edge[T]{item, p})
	}
	return list
}
