package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"wayguard/tracker"
)

// catalog is a kind of things that the API lets people make, change and remove:
// depots, vehicles or drivers.
type catalog[T any] struct {
	path string // such as vehicles
	// The fleet's.
	get    func(id string) (T, bool)
	list   func(after string, limit int) []T
	create func(context.Context, T) (T, error)
	change func(ctx context.Context, id string, seen uint64, change func(*T) error) (T, error)
	remove func(ctx context.Context, id string, seen uint64) error
	// show is how one looks, with its id and version; given are what may be
	// given of one.
	show  func(T) (body any, id string, version uint64, err error)
	given func(*T) setters
}

// routes are the five usual ones.
func (c catalog[T]) routes() []route {
	base := "/api/v1/" + c.path
	return []route{
		{pattern: "GET " + base, role: dispatcher, handler: c.listAll, takes: []string{"after", "limit"}},
		{pattern: "POST " + base, role: dispatcher, handler: c.make},
		{pattern: "GET " + base + "/{id}", role: dispatcher, handler: c.showOne},
		{pattern: "PATCH " + base + "/{id}", role: dispatcher, handler: c.patch},
		{pattern: "DELETE " + base + "/{id}", role: dispatcher, handler: c.delete},
	}
}

const (
	defaultEntries = 100
	maxEntries     = 1000
)

func (c catalog[T]) listAll(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	limit, err := q.count("limit", 1, maxEntries, defaultEntries)
	if err != nil {
		return err
	}
	found := c.list(q.text("after"), int(limit))
	list := make([]any, len(found))
	var next *string
	for i, t := range found {
		body, id, _, err := c.show(t)
		if err != nil {
			return err
		}
		if list[i] = body; i+1 == int(limit) {
			next = &id
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{c.path: list, "next": next})
}

func (c catalog[T]) showOne(w http.ResponseWriter, r *http.Request, _ principal) error {
	t, ok := c.get(r.PathValue("id"))
	if !ok {
		return c.none()
	}
	return c.write(w, http.StatusOK, t)
}

func (c catalog[T]) write(w http.ResponseWriter, status int, t T) error {
	body, id, version, err := c.show(t)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(version))
	if status == http.StatusCreated {
		w.Header().Set("Location", "/api/v1/"+c.path+"/"+url.PathEscape(id))
	}
	return writeJSON(w, status, body)
}

func (c catalog[T]) make(w http.ResponseWriter, r *http.Request, _ principal) error {
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	var t T
	if err := setMembers(given, c.given(&t)); err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) (err error) {
		t, err = c.create(ctx, t)
		return err
	})
	if id, ok := again(w, err); ok {
		var there bool
		if t, there = c.get(id); !there {
			return c.none()
		}
		err = nil
	}
	if err != nil {
		return c.fault(err)
	}
	return c.write(w, http.StatusCreated, t)
}

// patch changes those members that are given. The id stays.
func (c catalog[T]) patch(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	given, err := readGiven(r)
	if err != nil {
		return err
	}
	if given["id"] != nil {
		return badMember("id", "cannot be changed: leave it out.")
	}
	var t T
	err = change(r, func(ctx context.Context) (err error) {
		t, err = c.change(ctx, r.PathValue("id"), seen, func(t *T) error { return setMembers(given, c.given(t)) })
		return err
	})
	if err != nil {
		return c.fault(err)
	}
	return c.write(w, http.StatusOK, t)
}

func readGiven(r *http.Request) (map[string]json.RawMessage, error) {
	body, err := readBody(r, "application/json", "application/merge-patch+json")
	if err != nil {
		return nil, err
	}
	return parseObject(body)
}

func (c catalog[T]) delete(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return c.remove(ctx, r.PathValue("id"), seen) })
	if err != nil {
		return c.fault(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c catalog[T]) fault(err error) error {
	var member *tracker.MemberError
	switch {
	case errors.Is(err, tracker.ErrNotFound):
		return c.none()
	case errors.As(err, &member) && member.Member == "id":
		return &problem{status: http.StatusConflict, detail: "It " + member.Detail, member: "id"}
	}
	return deliveryError(err)
}

func (c catalog[T]) none() error {
	return notFound("There is none with this id. GET /api/v1/" + c.path + " lists all of them.")
}
