package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const square = `{"type":"Polygon","coordinates":[[[8,50],[8.1,50],[8.1,50.1],[8,50.1],[8,50]]]}`

func feature(id, geometry, properties string) string {
	return `{"type":"Feature","id":` + id + `,"geometry":` + geometry + `,"properties":` + properties + `}`
}

func sameJSON(t testing.TB, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%v in %.300s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %.600s\nwant %.600s", got, want)
	}
}

func TestFenceLifeCycle(t *testing.T) {
	s := startSite(t)
	depot := feature(`"depot"`, square, `{"name":"Depot <A>","colour":"#f00","shift":[1,2]}`)
	made := s.api(http.StatusCreated, http.MethodPost, "/api/v1/fences", withBody(geoJSON, depot))
	sameJSON(t, string(made.body), depot)
	if got := made.header.Get("Location"); got != "/api/v1/fences/depot" {
		t.Errorf("Location %q", got)
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/fences/depot").body), depot)
	s.api(http.StatusConflict, http.MethodPost, "/api/v1/fences", withBody(geoJSON, depot))

	smaller := `{"type":"Feature","geometry":{"type":"Point","coordinates":[8,50]},"properties":{"radius_m":25}}`
	want := `{"type":"Feature","id":"depot","geometry":{"type":"Point","coordinates":[8,50]},"properties":{"radius_m":25}}`
	sameJSON(t, string(s.api(http.StatusOK, http.MethodPut, "/api/v1/fences/depot", withJSON(smaller)).body), want)
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/fences").body), `{"type":"FeatureCollection","features":[`+want+`]}`)

	s.api(http.StatusNoContent, http.MethodDelete, "/api/v1/fences/depot")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if p := s.api(http.StatusNotFound, method, "/api/v1/fences/depot").problem(); !strings.Contains(p.Detail, "No fence") {
			t.Errorf("%s: %+v", method, p)
		}
	}
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/fences").body), `{"type":"FeatureCollection","features":[]}`)
}

func TestPutTakesTheIDOfTheAddress(t *testing.T) {
	s := startSite(t)
	for _, tt := range []struct {
		name, path, body string
		status           int
	}{
		{"none", "a", `{"type":"Feature","geometry":` + square + `,"properties":null}`, 201},
		{"none, no properties", "b", `{"type":"Feature","geometry":` + square + `}`, 201},
		{"the same", "c", feature(`"c"`, square, `{}`), 201},
		{"the same among the properties", "d", `{"type":"Feature","geometry":` + square + `,"properties":{"id":"d"}}`, 201},
		{"with a space", "north%20gate", `{"type":"Feature","geometry":` + square + `}`, 201},
		{"another", "e", feature(`"f"`, square, `{}`), 422},
		{"another among the properties", "e", `{"type":"Feature","geometry":` + square + `,"properties":{"id":"f"}}`, 422},
		{"a slash", "e%2Ff", `{"type":"Feature","geometry":` + square + `}`, 422},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			s.api(tt.status, http.MethodPut, "/api/v1/fences/"+tt.path, withBody(geoJSON, tt.body))
		})
	}
	if _, ok := s.fleet.Fence("north gate"); !ok {
		t.Error("no fence with a space in its id")
	}
}

func TestFenceCollectionIsAllOrNothing(t *testing.T) {
	s := startSite(t)
	a, b := feature(`"a"`, square, `{}`), feature(`"b"`, square, `{"n":1}`)
	bad := feature(`"c"`, `{"type":"Polygon","coordinates":[[[8,50],[8.1,50],[8.1,50.1],[8,50.1]]]}`, `{}`)
	collection := func(features ...string) option {
		return withBody(geoJSON, `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+`]}`)
	}
	p := s.api(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/fences", collection(a, b, bad)).problem()
	if !strings.Contains(p.Detail, `feature 3 "c"`) {
		t.Errorf("detail %q", p.Detail)
	}
	if n := len(s.fleet.Fences()); n != 0 {
		t.Fatalf("%d fences of a refused collection", n)
	}
	got := s.api(http.StatusOK, http.MethodPost, "/api/v1/fences", collection(a, b))
	sameJSON(t, string(got.body), `{"type":"FeatureCollection","features":[`+a+`,`+b+`]}`)
	replaced := feature(`"b"`, square, `{"n":2}`)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/fences", collection(replaced))
	sameJSON(t, string(s.api(http.StatusOK, http.MethodGet, "/api/v1/fences/b").body), replaced)
	s.api(http.StatusOK, http.MethodPost, "/api/v1/fences", collection())
}

func TestBadFences(t *testing.T) {
	s := startSite(t)
	for _, tt := range []struct {
		name   string
		body   option
		status int
		says   string
	}{
		{"not JSON", withBody(geoJSON, `{"type":`), 422, "JSON"},
		{"no feature", withBody(geoJSON, `{"type":"Polygon"}`), 422, "Feature"},
		{"no id", withBody(geoJSON, `{"type":"Feature","geometry":`+square+`}`), 422, "id"},
		{"no geometry", withBody(geoJSON, `{"type":"Feature","id":"x"}`), 422, "geometry"},
		{"line", withBody(geoJSON, feature(`"x"`, `{"type":"LineString","coordinates":[[8,50],[9,50]]}`, `{}`)), 422, "LineString"},
		{"point without a radius", withBody(geoJSON, feature(`"x"`, `{"type":"Point","coordinates":[8,50]}`, `{}`)), 422, "radius_m"},
		{"unclosed ring", withBody(geoJSON, feature(`"x"`, `{"type":"Polygon","coordinates":[[[8,50],[8.1,50],[8.1,50.1],[8,50.1]]]}`, `{}`)), 422, "clos"},
		{"empty polygon", withBody(geoJSON, feature(`"x"`, `{"type":"Polygon","coordinates":[]}`, `{}`)), 422, "empty"},
		{"out of range", withBody(geoJSON, feature(`"x"`, `{"type":"Point","coordinates":[181,50]}`, `{"radius_m":5}`)), 422, "coordinates"},
		{"bow tie", withBody(geoJSON, feature(`"x"`, `{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}`, `{}`)), 422, "cross"},
		{"plain text", withBody("text/plain", feature(`"x"`, square, `{}`)), 415, "application/geo+json"},
		{"bad dwell", withBody(geoJSON, feature(`"x"`, square, `{"dwell":"long"}`)), 422, "properties.dwell"},
		{"bad type", withBody("json/", feature(`"x"`, square, `{}`)), 415, "Content-Type"},
		{"too large", withBody(geoJSON, `"`+strings.Repeat("x", maxFences)+`"`), 413, "16777216"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			p := s.api(tt.status, http.MethodPost, "/api/v1/fences", tt.body).problem()
			if !strings.Contains(p.Detail, tt.says) {
				t.Errorf("detail %q", p.Detail)
			}
		})
	}
	if n := len(s.fleet.Fences()); n != 0 {
		t.Errorf("%d fences", n)
	}
}

// More than the ordinary limit of a body, as a country's districts are.
func TestLargeFenceImport(t *testing.T) {
	s := startSite(t)
	var features []string
	for i := range 9000 {
		center := fmt.Sprintf(`{"type":"Point","coordinates":[%g,%g]}`, float64(i%100), float64(i/100)/2)
		features = append(features, feature(fmt.Sprintf(`"fence %d"`, i), center, `{"radius_m":500}`))
	}
	body := `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	if len(body) <= maxBody {
		t.Fatalf("only %d bytes", len(body))
	}
	s.api(http.StatusOK, http.MethodPost, "/api/v1/fences", withBody(geoJSON, body))
	if n := len(s.fleet.Fences()); n != 9000 {
		t.Errorf("%d fences", n)
	}
}

func TestFencesAreChangedAsTheyWereSeen(t *testing.T) {
	s := startSite(t)
	s.fence("f", 8, 50, 100)
	path, bigger := "/api/v1/fences/f", withBody(geoJSON, circle(8, 50, 200))
	first := s.api(http.StatusOK, http.MethodGet, path).header.Get("ETag")
	second := s.api(http.StatusOK, http.MethodPut, path, bigger, header("If-Match", first)).header.Get("ETag")
	if got := s.api(http.StatusOK, http.MethodGet, path).header.Get("ETag"); got != second || got == first {
		t.Errorf("%s, then %s and %s", first, second, got)
	}
	s.api(http.StatusPreconditionFailed, http.MethodPut, path, bigger, header("If-Match", first))
	s.api(http.StatusPreconditionFailed, http.MethodDelete, path, header("If-Match", first))
	s.api(http.StatusBadRequest, http.MethodDelete, path, header("If-Match", "x"))
	s.api(http.StatusNoContent, http.MethodDelete, path, header("If-Match", second))
	s.api(http.StatusNotFound, http.MethodPut, path, bigger, header("If-Match", second))
}
