package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkQuery accepts each of the allowed names at most once.
func checkQuery(raw string, allowed []string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return badRequest("The query is not well-formed: encode % ; and & within values.")
	}
	for name, given := range values {
		if !slices.Contains(allowed, name) {
			return badParameter(cut(name, 100), "is not known here. "+knownParameters(allowed))
		}
		if len(given) > 1 {
			return badParameter(name, "must be given only once.")
		}
	}
	return nil
}

// query reads the parameters of a request that checkQuery has passed.
type query struct{ values url.Values }

func queryOf(r *http.Request) query { return query{r.URL.Query()} }

func knownParameters(allowed []string) string {
	if len(allowed) == 0 {
		return "There are no parameters."
	}
	return "Known are: " + strings.Join(allowed, ", ") + "."
}

func (q query) has(name string) bool { return q.values.Has(name) }

func (q query) text(name string) string { return q.values.Get(name) }

// count is a whole number from low to high, or otherwise where it is not given.
func (q query) count(name string, low, high, otherwise uint64) (uint64, error) {
	if !q.has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(q.text(name), 10, 64)
	if err != nil || n < low || n > high {
		return 0, badParameter(name, fmt.Sprintf("must be a whole number from %d to %d.", low, high))
	}
	return n, nil
}

// states are those that the parameter state names, joined by commas; none where it
// is not given. A misspelt one must not show nothing.
func states[T ~string](q query, known ...T) (given []T, err error) {
	if !q.has("state") {
		return nil, nil
	}
	for name := range strings.SplitSeq(q.text("state"), ",") {
		if !slices.Contains(known, T(name)) {
			names := make([]string, len(known))
			for i, k := range known {
				names[i] = string(k)
			}
			return nil, badParameter("state", "must be one or more of "+strings.Join(names, ", ")+", with commas between them.")
		}
		given = append(given, T(name))
	}
	return given, nil
}

// flag is true or false, or otherwise where it is not given.
func (q query) flag(name string, otherwise bool) (bool, error) {
	if !q.has(name) {
		return otherwise, nil
	}
	b, err := strconv.ParseBool(q.text(name))
	if err != nil {
		return false, badParameter(name, "must be true or false.")
	}
	return b, nil
}

// instant is RFC 3339 or seconds since 1970, or otherwise where it is not
// given.
func (q query) instant(name string, otherwise time.Time) (time.Time, error) {
	if !q.has(name) {
		return otherwise, nil
	}
	if t, ok := parseInstant(q.text(name)); ok {
		return t, nil
	}
	return time.Time{}, badParameter(name, "must be a time such as 2025-03-01T08:00:00Z, or seconds since 1970 in UTC. Write + as %2B.")
}

// Seconds since 1970 of the years 1 and 9999, which RFC 3339 can still write.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

func parseInstant(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= firstSecond && seconds <= lastSecond) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), true
}
