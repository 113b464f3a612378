package web

import (
	"net/http"
	"strconv"
	"strings"
)

// accepted is one element of an Accept or Accept-Encoding header.
type accepted struct {
	name string // lower case, without parameters
	q    float64
}

// parseAccept reads the values of such a header (RFC 9110, 12.4 and 12.5).
// An element with a malformed q counts as not acceptable.
func parseAccept(values []string) []accepted {
	var list []accepted
	for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, parameters, _ := strings.Cut(element, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "" {
			list = append(list, accepted{name, quality(parameters)})
		}
	}
	return list
}

// quality is the q among parameters, 1 where there is none.
func quality(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// negotiate picks the offer that the Accept header of r likes best, of equals
// the first; an absent header likes all. ok is false when it likes none.
func negotiate(r *http.Request, offers []string) (offer string, ok bool) {
	list := parseAccept(r.Header.Values("Accept"))
	if len(list) == 0 {
		return offers[0], true
	}
	best := 0.0
	for _, o := range offers {
		if q := mediaQuality(list, o); q > best {
			offer, best = o, q
		}
	}
	return offer, best > 0
}

// mediaQuality is the q of the most specific range that media falls in: the
// type itself, before type/*, before */*.
func mediaQuality(list []accepted, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	for _, pattern := range []string{media, kind + "/*", "*/*"} {
		if q, ok := qualityOf(list, pattern); ok {
			return q
		}
	}
	return 0
}

// qualityOf is the highest q that name is listed with.
func qualityOf(list []accepted, name string) (q float64, ok bool) {
	for _, a := range list {
		if a.name == name {
			q, ok = max(q, a.q), true
		}
	}
	return q, ok
}

// acceptsGzip reports whether gzip is liked at least as well as no coding.
func acceptsGzip(r *http.Request) bool {
	list := parseAccept(r.Header.Values("Accept-Encoding"))
	q, ok := qualityOf(list, "gzip")
	if !ok {
		q, _ = qualityOf(list, "*")
	}
	plain, ok := qualityOf(list, "identity")
	return q > 0 && (!ok || q >= plain)
}
