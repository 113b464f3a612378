package web

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.yaml
var description []byte

type configJSON struct {
	Tiles   *Tiles `json:"tiles"`
	Town    bool   `json:"town"`
	Version string `json:"version"`
}

func (s *Server) showConfig(w http.ResponseWriter, _ *http.Request, _ principal) error {
	return writeJSON(w, http.StatusOK, s.config)
}

func newBasemap(town []byte) *asset {
	if town == nil {
		return nil
	}
	return newAsset(town, "application/geo+json", revalidate)
}

func (s *Server) showBasemap(w http.ResponseWriter, r *http.Request, _ principal) error {
	if s.basemap == nil {
		return notFound("This server has no basemap of its own.")
	}
	s.basemap.serve(w, r)
	return nil
}

func (s *Server) showDescription(w http.ResponseWriter, _ *http.Request, _ principal) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(description)
	return nil
}
