package web

import "math"

// pageOf is the part that a request asks for of a list in order of id, or of
// whatever else tells one from the other, behind the id after, and what after must be for the next one, nil if there is none.
// Without a limit it is all of it.
func pageOf[T any](q query, all []T, id func(T) string) (page []T, next *string, err error) {
	limit, err := q.count("limit", 1, maxEntries, math.MaxInt)
	if err != nil {
		return nil, nil, err
	}
	after := q.text("after")
	for _, t := range all {
		if after != "" && id(t) <= after {
			continue
		}
		if uint64(len(page)) == limit {
			last := id(page[len(page)-1])
			return page, &last, nil
		}
		page = append(page, t)
	}
	return page, nil, nil
}
