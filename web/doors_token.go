package web

import (
	"context"
	"errors"
	"net/http"

	"wayguard/tracker"
)

// doorTokenJSON is a door token, which is shown this once, and for each door the
// address that an app is given.
type doorTokenJSON struct {
	ID    tracker.DeviceID  `json:"id"`
	Token string            `json:"token"`
	URLs  map[string]string `json:"urls"`
}

func (s *Server) createDoorToken(w http.ResponseWriter, r *http.Request, _ principal) error {
	j := doorTokenJSON{ID: tracker.DeviceID(r.PathValue("id")), URLs: make(map[string]string)}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) (err error) {
		j.Token, err = s.fleet.CreateDoorToken(ctx, j.ID, seen)
		return err
	})
	if err != nil {
		return deviceError(err)
	}
	for _, d := range s.doors {
		j.URLs[d.Name()] = s.urlFor(r).JoinPath("in", d.Name(), j.Token).String()
	}
	return writeJSON(w, http.StatusOK, j)
}

func (s *Server) deleteDoorToken(w http.ResponseWriter, r *http.Request, _ principal) error {
	id := tracker.DeviceID(r.PathValue("id"))
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	if err := change(r, func(ctx context.Context) error { return s.fleet.DeleteDoorToken(ctx, id, seen) }); err != nil {
		return deviceError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) putOwnTracksKey(w http.ResponseWriter, r *http.Request, _ principal) error {
	var key string
	if err := readObject(r, member{"key", &key, "a string"}); err != nil {
		return err
	}
	if key == "" {
		return badMember("key", tracker.ErrOwnTracksKey.Error()+"; DELETE takes it away.")
	}
	return s.setOwnTracksKey(w, r, key)
}

func (s *Server) deleteOwnTracksKey(w http.ResponseWriter, r *http.Request, _ principal) error {
	return s.setOwnTracksKey(w, r, "")
}

func (s *Server) setOwnTracksKey(w http.ResponseWriter, r *http.Request, key string) error {
	id := tracker.DeviceID(r.PathValue("id"))
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.SetOwnTracksKey(ctx, id, seen, key) })
	if errors.Is(err, tracker.ErrOwnTracksKey) {
		return badMember("key", err.Error()+".")
	}
	if err != nil {
		return deviceError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
