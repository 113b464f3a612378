package geofence

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// drawing is a picture of an area, one unit a column and a row, with its lower
// left corner at 0,0: the corners of the outer ring are A B C and so on, those
// of holes a b c and m n o; # is a point inside, * one on the boundary, - one
// outside. Blanks and dots mean nothing.
type drawing struct {
	polygon orb.Polygon
	points  map[orb.Point]location
}

func draw(t *testing.T, picture string) drawing {
	t.Helper()
	lines := strings.Split(strings.Trim(picture, "\n"), "\n")
	corners := map[rune]orb.Point{}
	d := drawing{points: map[orb.Point]location{}}
	for row, line := range lines {
		for column, mark := range strings.TrimLeft(line, "\t") {
			p := orb.Point{float64(column), float64(len(lines) - 1 - row)}
			switch mark {
			case '#':
				d.points[p] = inside
			case '*':
				d.points[p] = boundary
			case '-':
				d.points[p] = outside
			case ' ', '.':
			default:
				corners[mark] = p
				d.points[p] = boundary
			}
		}
	}
	for _, first := range "Aam" {
		if r := ringFrom(corners, first); r != nil {
			d.polygon = append(d.polygon, r)
		}
	}
	if len(d.polygon) == 0 {
		t.Fatal("a drawing without corners")
	}
	return d
}

func ringFrom(corners map[rune]orb.Point, first rune) orb.Ring {
	var r orb.Ring
	for mark := first; ; mark++ {
		corner, found := corners[mark]
		if !found {
			break
		}
		r = append(r, corner)
	}
	if r == nil {
		return nil
	}
	return append(r, r[0])
}

func TestLocateDrawings(t *testing.T) {
	for name, picture := range map[string]string{
		"square": `
	- - - - -
	- D . C -
	- * # * -
	- A * B -
	- - - - -`,
		"the ray runs along edges": `
	---------
	-H*G-D*C-
	-*#*-*#*-
	-*#F*E#*-
	-*#####*-
	-A*****B-
	---------`,
		"the ray touches tips": `
	-----------
	-G---E---C-
	-**-*#*-**-
	-*#F###D#*-
	-A*******B-
	-----------`,
		"hole": `
	- - - - - - - - -
	- D * * * * * C -
	- * # # # # # * -
	- * # a * b # * -
	- * # * - * # * -
	- * # d * c # * -
	- * # # # # # * -
	- A * * * * * B -
	- - - - - - - - -`,
		"two holes, one at the corner of the other": `
	- - - - - - - - - - -
	- D * * * * * * * C -
	- * # a * b # # # * -
	- * # * - * # # # * -
	- * # d * c # # # * -
	- * # # # # n * m * -
	- * # # # # * - * * -
	- * # # # # o * p * -
	- * # # # # # # # * -
	- A * * * * * * * B -
	- - - - - - - - - - -`,
		"a hole touches the outer ring": `
	---------
	-D**a**C-
	-*#d-b#*-
	-*##c##*-
	-*#####*-
	-A*****B-
	---------`,
	} {
		t.Run(name, func(t *testing.T) {
			d := draw(t, picture)
			o := planarOutline(orb.MultiPolygon{d.polygon})
			for p, want := range d.points {
				if got := o.locate(p[0], p[1]); got != want {
					t.Errorf("%v is %d, want %d", p, got, want)
				}
			}
		})
	}
}
