package geofence

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// wktGeometry is a point, multipoint, polygon or multipolygon.
type wktGeometry struct {
	area     bool
	points   orb.MultiPoint
	polygons orb.MultiPolygon
}

// wktReader reads well-known text: a keyword, then EMPTY or brackets within
// brackets around positions.
type wktReader struct{ tokens []string }

func parseWKT(text string) (g wktGeometry, err error) {
	text = strings.NewReplacer("(", " ( ", ")", " ) ", ",", " , ").Replace(text)
	r := &wktReader{strings.Fields(text)}
	defer func() {
		if failure, ok := recover().(wktError); ok {
			err = failure
		}
	}()
	switch keyword := r.next(); keyword {
	case "POINT":
		g.points = r.positions()
	case "MULTIPOINT":
		g.points = r.multiPoint()
	case "POLYGON":
		g = wktGeometry{area: true, polygons: orb.MultiPolygon{r.polygon()}}
	case "MULTIPOLYGON":
		g = wktGeometry{area: true}
		r.list(func() { g.polygons = append(g.polygons, r.polygon()) })
	default:
		r.fail("unknown keyword " + keyword)
	}
	if len(r.tokens) > 0 {
		r.fail("text after the end")
	}
	return g, nil
}

type wktError string

func (e wktError) Error() string { return string(e) }

func (r *wktReader) fail(reason string) {
	panic(wktError(fmt.Sprintf("well-known text: %s, before %q", reason, r.tokens)))
}

func (r *wktReader) peek() string {
	if len(r.tokens) == 0 {
		r.fail("cut short")
	}
	return r.tokens[0]
}

func (r *wktReader) next() string {
	token := r.peek()
	r.tokens = r.tokens[1:]
	return token
}

// list reads EMPTY, or brackets with items separated by commas.
func (r *wktReader) list(item func()) {
	if r.peek() == "EMPTY" {
		r.next()
		return
	}
	if r.next() != "(" {
		r.fail("no opening bracket")
	}
	for {
		item()
		switch r.next() {
		case ")":
			return
		case ",":
		default:
			r.fail("no comma or closing bracket")
		}
	}
}

func (r *wktReader) position() orb.Point {
	return orb.Point{r.number(), r.number()}
}

func (r *wktReader) number() float64 {
	x, err := strconv.ParseFloat(r.next(), 64)
	if err != nil {
		r.fail(err.Error())
	}
	return x
}

func (r *wktReader) positions() []orb.Point {
	var points []orb.Point
	r.list(func() { points = append(points, r.position()) })
	return points
}

// multiPoint reads points with or without brackets of their own.
func (r *wktReader) multiPoint() orb.MultiPoint {
	var points orb.MultiPoint
	r.list(func() {
		if next := r.peek(); next == "(" || next == "EMPTY" {
			points = append(points, r.positions()...)
		} else {
			points = append(points, r.position())
		}
	})
	return points
}

func (r *wktReader) polygon() orb.Polygon {
	var polygon orb.Polygon
	r.list(func() { polygon = append(polygon, r.positions()) })
	return polygon
}
