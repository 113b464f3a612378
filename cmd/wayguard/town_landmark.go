package main

import "slices"

// townLandmark is a building that the town has one of.
type townLandmark struct {
	name                  string
	near                  townVec
	width, depth, setback float64
	winged                bool
}

func townLandmarks() []townLandmark {
	return []townLandmark{
		{townStation, townVec{620, 440}, 92, 17, 16, false},
		{"Town Hall", townVec{-385, -120}, 34, 17, 1.5, true},
		{"Hospital", townVec{860, 420}, 66, 40, 12, true},
		{"Grammar School", townVec{-560, 480}, 58, 26, 10, true},
		{"Northgate School", townVec{330, 760}, 54, 24, 10, true},
		{"Maritime Museum", townVec{150, -280}, 34, 20, 3, true},
		{"Ferry Terminal", townVec{290, -610}, 46, 17, 6, false},
		{"Market Hall", townVec{280, 80}, 38, 26, 3, false},
		{"Sports Hall", townVec{720, -350}, 46, 30, 8, false},
		{"Library", townVec{-210, 70}, 28, 18, 3, true},
		{"Fire Station", townVec{640, -60}, 34, 20, 8, false},
	}
}

// landmarks builds each as near to its place as there is room.
func (b *townBuilder) landmarks() []townLabel {
	var labels []townLabel
	for _, l := range townLandmarks() {
		h, frame, ok := b.site(l.near, l.width, l.depth, l.setback)
		if !ok {
			continue
		}
		if h.outline = frame; l.winged {
			h.outline = townWinged(frame, 0.55, 0.5, false)
		}
		b.put(h)
		labels = append(labels, townLabel{frame[0].mix(frame[2], 0.5), l.name, "place"})
	}
	return labels
}

// site is the place on a street nearest to p where a rectangle of that size has
// room.
func (b *townBuilder) site(p townVec, width, depth, setback float64) (house townHouse, frame townLine, ok bool) {
	const radius, step = 260.0, 9.0
	best := radius
	for i := range b.net.edges {
		line := b.net.edges[i].line
		reach := line.length()
		if line[0].to(p) > radius+reach {
			continue
		}
		for s := width/2 + 8; s < reach-width/2-8; s += step {
			for _, left := range [2]bool{true, false} {
				h := townHouse{edge: i, s: s, left: left}
				f := b.frame(h, width, depth, setback, 0)
				if d := f[0].mix(f[2], 0.5).to(p); d < best && b.free(f, 3) {
					best, house, frame, ok = d, h, f, true
				}
			}
		}
	}
	house.zone = b.zones.at(p)
	return house, frame, ok
}

// church is a building in the shape of a cross on the market, if it is large
// enough.
func (b *townBuilder) church(market townLine) {
	const least = 1800
	if market == nil || market.area() < least {
		return
	}
	middle := market.middle()
	nave := townHeading(market[1].minus(market[0]).angle())
	at := func(along, aside float64) townVec {
		return middle.plus(nave.times(along)).plus(nave.left().times(aside))
	}
	cross := townLine{
		at(-17, -4.5), at(3, -4.5), at(3, -11), at(11, -11), at(11, -4.5), at(19, -4.5),
		at(19, 4.5), at(11, 4.5), at(11, 11), at(3, 11), at(3, 4.5), at(-17, 4.5),
	}
	b.put(townHouse{outline: cross, edge: -1})
}

// townYard is a depot: a yard on a street, with a drive that vans park along.
type townYard struct {
	name    string
	outline townLine
	// drive is the edge from the street into the yard, gate its node on the
	// street.
	drive, gate int
}

// The size of a depot's yard in metres.
const (
	townYardWidth, townYardDepth = 98.0, 72.0
	townYardSetback              = 3.0
)

// depots lays out the yards. It changes the network, and so comes before any
// house.
func (b *townBuilder) depots() []townYard {
	var yards []townYard
	for i, near := range [2]townVec{{960, -520}, {1210, -830}} {
		h, frame, ok := b.site(near, townYardWidth, townYardDepth, townYardSetback)
		if !ok {
			continue
		}
		yard := townYard{name: [2]string{"Saltworks Depot", "Foundry Depot"}[i]}
		// One corner is cut off, as if a neighbour owned it.
		yard.outline = townLine{frame[0], frame[1], frame[1].mix(frame[2], 0.72), frame[2].mix(frame[3], 0.24), frame[3]}
		yard.gate, yard.drive = b.net.branch(h.edge, h.s, frame[0].mix(frame[2], 0.5))
		b.streets = b.net.index()
		b.furnish(frame)
		b.closed = append(b.closed, newTownRing(yard.outline))
		yards = append(yards, yard)
	}
	return yards
}

// furnish puts a hall along the back of a yard and an office beside its gate.
func (b *townBuilder) furnish(yard townLine) {
	across, deep := yard[1].minus(yard[0]).unit(), yard[3].minus(yard[0]).unit()
	box := func(x, y, w, d float64) {
		a := yard[0].plus(across.times(x)).plus(deep.times(y))
		b.put(townHouse{edge: -1, zone: zoneTownEstate, outline: townLine{
			a, a.plus(across.times(w)), a.plus(across.times(w)).plus(deep.times(d)), a.plus(deep.times(d)),
		}})
	}
	box(6, townYardDepth-24, 62, 19)
	box(6, 6, 15, 11)
}

// branch makes a crossing s metres along an edge and a drive from there to p.
func (net *townNet) branch(edge int, s float64, p townVec) (gate, drive int) {
	e := net.edges[edge]
	at, _ := e.line.at(s)
	net.nodes = append(net.nodes, townNode{at: at}, townNode{at: p})
	gate = len(net.nodes) - 2
	rest := e
	rest.from, rest.start, rest.line = gate, e.start+s, e.line.between(s, e.line.length())
	// The edge keeps its number and its beginning.
	net.edges[edge].to, net.edges[edge].line = gate, e.line.between(0, s)
	end := &net.nodes[e.to]
	end.edges = slices.DeleteFunc(end.edges, func(o int) bool { return o == edge })
	net.nodes[gate].edges = append(net.nodes[gate].edges, edge)
	net.connect(rest)
	drive = net.connect(townEdge{from: gate, to: gate + 1, line: townLine{at, p}, road: e.road, class: classTownYard})
	net.sortAround()
	return gate, drive
}
