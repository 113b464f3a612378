package geofence

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// jtsCase asks one question about a and b.
type jtsCase struct {
	A, B, Op, Arg1, Desc, Expected string
	Arg3                           *string
}

// planarOutline prepares polygons on a plane, without a look at longitudes.
func planarOutline(polygons orb.MultiPolygon) outline {
	var rings []ring
	for _, polygon := range polygons {
		var s sheet
		for _, r := range polygon {
			s = append(s, unrolled{positions: r, turns: make([]int, len(r))})
		}
		rings = append(rings, s.rings(0)...)
	}
	return newOutline(rings)
}

// relate is the DE-9IM matrix of points and an area: interior, boundary and
// exterior of the points by those of the area. Points have no boundary.
func relate(points orb.MultiPoint, polygons orb.MultiPolygon) string {
	o := planarOutline(polygons)
	matrix := []byte("FFFFFFFF2")
	column := map[location]int{inside: 0, boundary: 1, outside: 2}
	for _, p := range points {
		matrix[column[o.locate(p[0], p[1])]] = '0'
	}
	if len(o.spans) > 0 {
		matrix[6], matrix[7] = '2', '1'
	}
	return string(matrix)
}

// transpose exchanges the two geometries of a matrix.
func transpose(m string) string {
	return string([]byte{m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]})
}

// matches compares a matrix with a pattern in which T is any but F and * any.
func matches(matrix, pattern string) bool {
	for i := range matrix {
		switch p := pattern[i]; {
		case p == '*', p == 'T' && matrix[i] != 'F', p == matrix[i]:
		default:
			return false
		}
	}
	return true
}

func matchesAny(matrix string, patterns ...string) bool {
	for _, p := range patterns {
		if matches(matrix, p) {
			return true
		}
	}
	return false
}

// distance is 0 where either is empty, as JTS defines it.
func (g wktGeometry) distance(h wktGeometry) float64 {
	if g.area {
		g, h = h, g
	}
	o := planarOutline(h.polygons)
	if len(g.points) == 0 || len(o.spans) == 0 {
		return 0
	}
	least := math.Inf(1)
	for _, p := range g.points {
		at, d := o.measure(plane{p[0], p[1], 1, 1}, math.Inf(1))
		if at != outside {
			return 0
		}
		least = min(least, d)
	}
	return least
}

func (g wktGeometry) empty() bool {
	return len(g.points) == 0 && len(planarOutline(g.polygons).spans) == 0
}

// answer derives the predicate from the matrix, by the definitions of OGC
// 06-103r4 and, for covers and coveredBy, of JTS.
func answer(t *testing.T, c jtsCase, g, h wktGeometry) string {
	t.Helper()
	if g.area == h.area {
		t.Fatal("not a point and an area")
	}
	var matrix string
	if g.area {
		matrix = transpose(relate(h.points, g.polygons))
	} else {
		matrix = relate(g.points, h.polygons)
	}
	if c.Op == "distance" {
		return strconv.FormatFloat(g.distance(h), 'f', 1, 64)
	}
	return strconv.FormatBool(holds(t, c, matrix, g, h))
}

func holds(t *testing.T, c jtsCase, matrix string, g, h wktGeometry) bool {
	t.Helper()
	covers := []string{"T*****FF*", "*T****FF*", "***T**FF*", "****T*FF*"}
	coveredBy := []string{"T*F**F***", "*TF**F***", "**FT*F***", "**F*TF***"}
	switch c.Op {
	case "contains":
		return matches(matrix, "T*****FF*")
	case "covers":
		return matchesAny(matrix, covers...)
	case "within":
		return matches(matrix, "T*F**F***")
	case "coveredBy":
		return matchesAny(matrix, coveredBy...)
	case "crosses":
		// The pattern is for the lesser dimension on the left.
		if g.area {
			matrix = transpose(matrix)
		}
		return matches(matrix, "T*T******")
	case "disjoint":
		return matches(matrix, "FF*FF****")
	case "intersects":
		return !matches(matrix, "FF*FF****")
	case "touches":
		return matchesAny(matrix, "FT*******", "F**T*****", "F***T****")
	case "overlaps":
		return g.area == h.area && matches(matrix, "T*T***T**")
	case "equalsTopo":
		return g.empty() && h.empty() || matches(matrix, "T*F**FFF*")
	case "relate":
		return matches(matrix, *c.Arg3)
	case "isWithinDistance":
		within, err := strconv.ParseFloat(*c.Arg3, 64)
		if err != nil {
			t.Fatal(err)
		}
		return g.distance(h) <= within
	}
	t.Fatalf("unknown predicate %q", c.Op)
	return false
}

func TestPlanarPredicatesOfJTS(t *testing.T) {
	f, err := os.Open(dataFile(t, "geometry/jts_point_polygon_cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := 0
	for lines := bufio.NewScanner(f); lines.Scan(); count++ {
		var c jtsCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		geometries := map[string]wktGeometry{}
		for name, text := range map[string]string{"A": c.A, "B": c.B} {
			if geometries[name], err = parseWKT(text); err != nil {
				t.Fatal(err)
			}
		}
		first, second := geometries[strings.ToUpper(c.Arg1)], geometries["B"]
		if strings.ToUpper(c.Arg1) == "B" {
			second = geometries["A"]
		}
		if got := answer(t, c, first, second); got != c.Expected {
			t.Errorf("case %d (%s): %s %s %s is %s, want %s", count+1, c.Desc, c.A, c.Op, c.B, got, c.Expected)
		}
	}
	if count != 726 {
		t.Errorf("%d cases, want 726", count)
	}
}
