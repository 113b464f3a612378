package main

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"
)

// The town's centre lies at the oceanic pole of inaccessibility, "Point Nemo",
// 48°52.6′ S 123°23.6′ W: the place in the oceans farthest from any land, 2,688
// km. There is no town the made-up one could be mistaken for, and no coastline
// in any background map that its island would run into.
const (
	townLat = -(48 + 52.6/60)
	townLon = -(123 + 23.6/60)
	// townMetersPerDegree of latitude, on the sphere of the earth's mean radius
	// 6,371,008.8 m (Moritz, Geodetic Reference System 1980).
	townMetersPerDegree = 6_371_008.8 * math.Pi / 180
)

// lonLat places p on earth. The town is small enough to be flat: over its three
// kilometres from the centre the scale is off by less than one in two thousand.
func (p townVec) lonLat() orb.Point {
	return orb.Point{
		townLon + p.X/(townMetersPerDegree*math.Cos(townLat*math.Pi/180)),
		townLat + p.Y/townMetersPerDegree,
	}
}

// townOf is the reverse of lonLat.
func townOf(p orb.Point) townVec {
	return townVec{
		(p[0] - townLon) * townMetersPerDegree * math.Cos(townLat*math.Pi/180),
		(p[1] - townLat) * townMetersPerDegree,
	}
}

// basemapJSON is the town as a GeoJSON FeatureCollection, in the order in which
// a map is painted. Each feature has a property "class": land, park, block,
// water, path, street_minor, street_major, building or label. Streets, parks
// and labels have a "name", labels also a "kind": town, district, park, water or
// place. Buildings come as one MultiPolygon for each stretch of street.
func (t *town) basemapJSON() []byte {
	w := &townWriter{buf: []byte(`{"type":"FeatureCollection","features":[`)}
	s := &t.scenery
	w.areas("land", append(append([]townLine{t.ground.coast}, s.outskirts.islets...), t.ground.moles...)...)
	w.areas("park", s.woods...)
	w.areas("block", s.blocks...)
	w.areas("park", s.meadow)
	for _, p := range s.parks {
		w.feature("park", p.name, "", "Polygon", func() { w.polygon(p.outline) })
	}
	w.areas("water", t.ground.stream.points, s.lake)
	for _, p := range s.parks {
		w.areas("water", p.ponds...)
		w.lines("path", p.walks...)
	}
	w.lines("path", s.outskirts.walks...)
	t.writeStreets(w, classTownYard, "street_minor")
	t.writeStreets(w, classTownMinor, "street_minor")
	t.writeStreets(w, classTownMajor, "street_major")
	t.writeBuildings(w)
	for _, l := range s.labels {
		w.feature("label", l.name, l.kind, "Point", func() { w.point(l.at) })
	}
	return append(w.buf, "]}"...)
}

// writeStreets writes the streets of a class, each as long as it goes without a
// break.
func (t *town) writeStreets(w *townWriter, class townClass, name string) {
	var edges []townEdge
	for _, e := range t.net.edges {
		if e.class == class {
			edges = append(edges, e)
		}
	}
	slices.SortStableFunc(edges, func(a, b townEdge) int {
		return cmp.Or(cmp.Compare(a.road, b.road), cmp.Compare(a.start, b.start))
	})
	for len(edges) > 0 {
		n, line := 1, edges[0].line
		for n < len(edges) && edges[n].road == edges[0].road && edges[n].from == edges[n-1].to {
			line = append(line[:len(line):len(line)], edges[n].line[1:]...)
			n++
		}
		street := t.names[edges[0].road]
		if class == classTownYard {
			street = ""
		}
		w.feature(name, street, "", "LineString", func() { w.line(line) })
		edges = edges[n:]
	}
}

func (t *town) writeBuildings(w *townWriter) {
	for rest := t.houses; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].edge == rest[0].edge {
			n++
		}
		w.feature("building", "", "", "MultiPolygon", func() {
			w.list(n, func(i int) { w.polygon(rest[i].outline) })
		})
		rest = rest[n:]
	}
}

// townWriter writes GeoJSON. Names are our own and need no escaping.
type townWriter struct {
	buf   []byte
	count int
}

func (w *townWriter) feature(class, name, kind, geometry string, coordinates func()) {
	if w.count++; w.count > 1 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, `{"type":"Feature","properties":{"class":"`+class+`"`...)
	for _, p := range [2][2]string{{"name", name}, {"kind", kind}} {
		if p[1] != "" {
			w.buf = append(w.buf, `,"`+p[0]+`":`...)
			w.buf = strconv.AppendQuote(w.buf, p[1])
		}
	}
	w.buf = append(w.buf, `},"geometry":{"type":"`+geometry+`","coordinates":`...)
	coordinates()
	w.buf = append(w.buf, "}}"...)
}

func (w *townWriter) areas(class string, rings ...townLine) {
	for _, r := range rings {
		w.feature(class, "", "", "Polygon", func() { w.polygon(r) })
	}
}

func (w *townWriter) lines(class string, lines ...townLine) {
	for _, l := range lines {
		w.feature(class, "", "", "LineString", func() { w.line(l) })
	}
}

func (w *townWriter) list(n int, item func(i int)) {
	w.buf = append(w.buf, '[')
	for i := range n {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		item(i)
	}
	w.buf = append(w.buf, ']')
}

// polygon closes the ring and turns it counterclockwise, as RFC 7946 asks.
func (w *townWriter) polygon(ring townLine) {
	if ring.area() < 0 {
		ring = ring.reversed()
	}
	w.list(1, func(int) { w.line(append(ring[:len(ring):len(ring)], ring[0])) })
}

func (w *townWriter) line(l townLine) { w.list(len(l), func(i int) { w.point(l[i]) }) }

// point is written to six decimals: 11 cm of latitude.
func (w *townWriter) point(p townVec) {
	at := p.lonLat()
	w.buf = append(w.buf, '[')
	w.buf = strconv.AppendFloat(w.buf, at[0], 'f', 6, 64)
	w.buf = append(w.buf, ',')
	w.buf = strconv.AppendFloat(w.buf, at[1], 'f', 6, 64)
	w.buf = append(w.buf, ']')
}
