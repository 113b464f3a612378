// Package router asks routing servers for the ways of rounds: OSRM by its
// route service (API version 1) and Valhalla by its route action. Start at
// [New]. Both are somebody else's programs, reached over HTTP, and what they
// answer is not believed before the fleet has checked it.
//
// Long rounds are asked for in parts that begin where the last one ended, since
// both servers limit how many places a request may name.
package router

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wayguard/tracker"
)

// places are longitudes and latitudes in degrees.
type places = tracker.Line

// New returns a router of a kind, "osrm" or "valhalla", at a base URL such as
// http://127.0.0.1:5000. profile is what ways are for, as the server calls it;
// empty for cars: "driving" of OSRM, "auto" of Valhalla.
func New(kind string, base *url.URL, profile string) (tracker.Router, error) {
	if base == nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("the router's URL must be http://HOST or https://HOST, perhaps with a path")
	}
	if strings.ContainsAny(profile, "/?#;") {
		return nil, errors.New("the router's profile must be a name such as driving")
	}
	c := client{base: base, http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	switch kind {
	case "osrm":
		return &osrm{c, orElse(profile, "driving")}, nil
	case "valhalla":
		return &valhalla{c, orElse(profile, "auto")}, nil
	}
	return nil, fmt.Errorf("the router %q is unknown: it must be osrm or valhalla", kind)
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// client is a server over HTTP.
type client struct {
	base *url.URL
	http *http.Client
}

// maxAnswer bounds an answer in bytes: 20 or 100 places across a continent take
// a few million.
const maxAnswer = 32 << 20

// ask sends a request and reads the answer, which is JSON whatever its status,
// into v. Errors name neither the URL nor the body, which hold where people
// live.
func (c *client) ask(ctx context.Context, method, path string, query url.Values, body []byte, v any) (status int, err error) {
	address := c.base.JoinPath(path)
	address.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("ask the router: the request cannot be made")
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, fmt.Errorf("ask the router: %w", bare(err))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return 0, fmt.Errorf("read the router's answer: %w", bare(err))
	}
	if len(text) > maxAnswer {
		return 0, fmt.Errorf("the router's answer has more than %d bytes", maxAnswer)
	}
	if json.Unmarshal(text, v) != nil {
		return 0, fmt.Errorf("the router answered with status %d and no JSON that can be read: is its URL right?", answer.StatusCode)
	}
	return answer.StatusCode, nil
}

// bare is err without the URL.
func bare(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// inParts asks for a way through at most most places at a time.
func inParts(through places, most int, find func(places) (way, passes places, err error)) (way, passes places, err error) {
	for begin := 0; begin < len(through)-1; begin += most - 1 {
		part, by, err := find(through[begin:min(begin+most, len(through))])
		if err != nil {
			return nil, nil, err
		}
		if begin > 0 && len(by) > 0 {
			by = by[1:]
		}
		way, passes = slices.Concat(way, part), append(passes, by...)
	}
	return way, passes, nil
}

// shapeDecimals is the precision of the polylines that are asked for.
const shapeDecimals = 6

// code is what a server calls its reason, as far as it can be printed.
func code(text string) string {
	if len(text) > 40 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "unknown"
	}
	return text
}
