package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed all:ui/dist
var dist embed.FS

// Vite puts a hash of the content into the names under assets/; everything
// else may change under its name.
const (
	immutable  = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// asset is a file that is sent as it is or compressed.
type asset struct {
	content     []byte
	contentType string
	caching     string
	tag         string
	compressed  func() []byte // nil where it does not pay
}

func newAsset(content []byte, contentType, caching string) *asset {
	sum := sha256.Sum256(content)
	a := &asset{
		content:     content,
		contentType: contentType,
		caching:     caching,
		tag:         base64.RawURLEncoding.EncodeToString(sum[:12]),
	}
	if compressible(contentType) {
		a.compressed = sync.OnceValue(func() []byte { return compress(content) })
	}
	return a
}

func compressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json") ||
		strings.HasSuffix(media, "javascript") || strings.HasSuffix(media, "svg+xml") || media == "application/wasm"
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	// Neither fails on a buffer.
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.caching)
	content, tag := a.content, a.tag
	if a.compressed != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			content, tag = a.compressed(), a.tag+"-gzip"
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// staticFiles are the built page's files by their address.
func staticFiles() (map[string]*asset, error) {
	files := make(map[string]*asset)
	err := fs.WalkDir(dist, "ui/dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		address := strings.TrimPrefix(name, "ui/dist")
		files[address] = newAsset(content, fileType(name), fileCaching(address))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the embedded page: %w", err)
	}
	files["/"] = files["/index.html"]
	if files["/"] == nil {
		return nil, fmt.Errorf("the embedded page has no index.html: %w", fs.ErrNotExist)
	}
	return files, nil
}

func fileCaching(address string) string {
	if strings.HasPrefix(address, "/assets/") {
		return immutable
	}
	return revalidate
}

// fileType does not ask the machine's own tables first, which differ.
func fileType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".geojson":
		return "application/geo+json"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	case ".wasm":
		return "application/wasm"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// showFile answers with a file of the page, which holds no data and needs no
// credentials.
func (s *Server) showFile(w http.ResponseWriter, r *http.Request, _ principal) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return s.noSuchMethod(r)
	}
	file, ok := s.files[r.URL.Path]
	if !ok {
		return notFound("There is nothing at this address.")
	}
	file.serve(w, r)
	return nil
}
