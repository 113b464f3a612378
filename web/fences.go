package web

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"wayguard/geofence"
	"wayguard/tracker"
)

const geoJSON = "application/geo+json"

func (s *Server) listFences(w http.ResponseWriter, r *http.Request, _ principal) error {
	page, next, err := pageOf(queryOf(r), s.fleet.Fences(), func(f tracker.FenceRecord) string { return string(f.Fence.ID) })
	if err != nil {
		return err
	}
	return writeFences(w, page, next)
}

// writeFences writes a FeatureCollection, a feature at a time, with where the
// next page of it begins, if there is one.
func writeFences(w http.ResponseWriter, records []tracker.FenceRecord, next *string) error {
	more := ""
	if next != nil {
		quoted, err := json.Marshal(*next)
		if err != nil {
			return fmt.Errorf("encode the next page: %w", err)
		}
		more = `,"next":` + string(quoted)
	}
	w.Header().Set("Content-Type", geoJSON)
	out := bufio.NewWriter(w)
	separator := `{"type":"FeatureCollection","features":[`
	for _, f := range records {
		feature, err := f.MarshalFeature()
		if err != nil {
			return fmt.Errorf("encode fence: %w", err)
		}
		// A failed write shows at Flush.
		_, _ = out.WriteString(separator)
		_, _ = out.Write(feature)
		separator = ",\n"
	}
	if len(records) == 0 {
		_, _ = out.WriteString(separator)
	}
	_, _ = fmt.Fprintf(out, "]%s}\n", more)
	_ = out.Flush()
	return nil
}

func (s *Server) showFence(w http.ResponseWriter, r *http.Request, _ principal) error {
	f, ok := s.fleet.Fence(fenceID(r))
	if !ok {
		return noFence()
	}
	return writeFence(w, http.StatusOK, f)
}

func writeFence(w http.ResponseWriter, status int, f tracker.FenceRecord) error {
	feature, err := f.MarshalFeature()
	if err != nil {
		return fmt.Errorf("encode fence: %w", err)
	}
	w.Header().Set("Content-Type", geoJSON)
	w.Header().Set("ETag", etag(fenceVersion(feature)))
	w.WriteHeader(status)
	_, _ = w.Write(append(feature, '\n'))
	return nil
}

// fenceVersion stands for a version: fences are known by what they are.
func fenceVersion(feature []byte) uint64 {
	sum := sha256.Sum256(feature)
	return binary.BigEndian.Uint64(sum[:]) | 1 // not tracker.AnyVersion
}

// checkFence refuses a change of a fence that is not as the client saw it.
func (s *Server) checkFence(id geofence.FenceID, seen uint64) error {
	if seen == tracker.AnyVersion {
		return nil
	}
	f, ok := s.fleet.Fence(id)
	if !ok {
		return noFence()
	}
	feature, err := f.MarshalFeature()
	if err != nil {
		return fmt.Errorf("encode fence: %w", err)
	}
	if fenceVersion(feature) != seen {
		return staleError(tracker.ErrStale)
	}
	return nil
}

// createFences takes one new Feature, or a FeatureCollection whose features
// are added or replaced, all of them or none.
func (s *Server) createFences(w http.ResponseWriter, r *http.Request, _ principal) error {
	body, err := readBody(r, geoJSON, "application/json")
	if err != nil {
		return err
	}
	if kindOf(body) == "FeatureCollection" {
		return s.importFences(w, r, body)
	}
	f, err := tracker.ParseFence(body)
	if err != nil {
		return err
	}
	err = s.addFence(r, f)
	if _, ok := again(w, err); ok {
		err = nil
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/fences/"+url.PathEscape(string(f.Fence.ID)))
	return writeFence(w, http.StatusCreated, f)
}

func (s *Server) addFence(r *http.Request, f tracker.FenceRecord) error {
	s.fenceEdits.Lock()
	defer s.fenceEdits.Unlock()
	return change(r, func(ctx context.Context) error {
		if _, taken := s.fleet.Fence(f.Fence.ID); taken {
			return fmt.Errorf("fence %q: %w", f.Fence.ID, tracker.ErrExists)
		}
		return s.fleet.PutFences(ctx, f)
	})
}

func (s *Server) storeFences(r *http.Request, records ...tracker.FenceRecord) error {
	return change(r, func(ctx context.Context) error { return s.fleet.PutFences(ctx, records...) })
}

func (s *Server) importFences(w http.ResponseWriter, r *http.Request, body []byte) error {
	records, err := tracker.ParseFences(body)
	if err != nil {
		return err
	}
	if len(records) > 0 {
		s.fenceEdits.Lock()
		defer s.fenceEdits.Unlock()
		err := s.storeFences(r, records...)
		if _, ok := again(w, err); err != nil && !ok {
			return err
		}
	}
	return writeFences(w, records, nil)
}

// putFence adds or replaces the fence that the path names. The Feature may
// leave the id out.
func (s *Server) putFence(w http.ResponseWriter, r *http.Request, _ principal) error {
	body, err := readBody(r, geoJSON, "application/json")
	if err != nil {
		return err
	}
	id := fenceID(r)
	f, err := tracker.ParseFence(withID(body, id))
	if err != nil {
		return err
	}
	if f.Fence.ID != id {
		return badMember("id", "must be the id in the address, or left out.")
	}
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	s.fenceEdits.Lock()
	defer s.fenceEdits.Unlock()
	if err := s.checkFence(id, seen); err != nil {
		return err
	}
	status := http.StatusCreated
	if _, found := s.fleet.Fence(id); found {
		status = http.StatusOK
	}
	if err := s.storeFences(r, f); err != nil {
		return err
	}
	return writeFence(w, status, f)
}

func (s *Server) deleteFence(w http.ResponseWriter, r *http.Request, _ principal) error {
	seen, err := seenVersion(r)
	if err != nil {
		return err
	}
	s.fenceEdits.Lock()
	defer s.fenceEdits.Unlock()
	if err := s.checkFence(fenceID(r), seen); err != nil {
		return err
	}
	err = change(r, func(ctx context.Context) error { return s.fleet.DeleteFence(ctx, fenceID(r)) })
	if errors.Is(err, tracker.ErrNotFound) {
		return noFence()
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func fenceID(r *http.Request) geofence.FenceID { return geofence.FenceID(r.PathValue("id")) }

func noFence() error {
	return notFound("No fence has this id. GET /api/v1/fences lists all of them.")
}

// kindOf is the "type" of a GeoJSON text, empty where there is none.
func kindOf(body []byte) string {
	var top struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(body, &top) != nil {
		return ""
	}
	return top.Type
}

// withID gives a Feature without an id, here or among its properties, that of
// the path. What is no Feature is left for the parser to refuse.
func withID(feature []byte, id geofence.FenceID) []byte {
	var top map[string]json.RawMessage
	if json.Unmarshal(feature, &top) != nil || top == nil || top["id"] != nil {
		return feature
	}
	var properties map[string]json.RawMessage
	if json.Unmarshal(top["properties"], &properties) == nil && properties["id"] != nil {
		return feature
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return feature
	}
	top["id"] = quoted
	named, err := json.Marshal(top)
	if err != nil {
		return feature
	}
	return named
}
