package main

import "math/rand/v2"

// townRoad is a street as it is laid out, before crossings cut it into edges.
type townRoad struct {
	line  townLine
	major bool
}

// townMain is a main road as drawn by hand.
type townMain struct {
	name string
	way  townLine
}

// townMainRoads are the way across the island, the roads out of town, the wall
// around the old town and the estate's loop.
func townMainRoads() []townMain {
	return []townMain{
		{"Long Bridge Road", townLine{
			{-1810, 240}, {-1400, 150}, {-990, 50}, {-625, -30}, {-305, 5}, {-50, 50}, {110, 60},
			{345, 40}, {695, -25}, {1055, -70}, {1440, -120}, {1855, -265},
		}},
		{"Northgate", townLine{
			{-310, -15}, {-350, 210}, {-450, 450}, {-590, 705}, {-720, 930}, {-920, 1185}, {-975, 1520},
		}},
		{"Old Harbour Street", townLine{
			{-305, 25}, {-260, -145}, {-240, -335}, {-210, -510},
		}},
		{"Kingfisher Road", townLine{
			{205, -320}, {240, -95}, {275, 145}, {350, 385}, {360, 640}, {270, 895}, {335, 1200},
			{510, 1520}, {640, 1785},
		}},
		{"Station Road", townLine{
			{270, 135}, {490, 320}, {690, 505}, {895, 640}, {1200, 785}, {1570, 905}, {1945, 865},
		}},
		{"Lighthouse Road", townLine{
			{-615, -15}, {-680, -305}, {-785, -590}, {-960, -880}, {-1010, -1185}, {-905, -1390},
		}},
		{"Westering Road", townLine{
			{-890, 330}, {-1280, 510}, {-1600, 610}, {-1865, 530},
		}},
		{"Ring Road", townRingRoad()},
		{"Wall Walk", townLine{
			{-520, -10}, {-560, -170}, {-525, -345}, {-415, -470}, {-215, -520},
		}},
		{"Saltworks Loop", townLine{
			{880, -290}, {1185, -450}, {1385, -665}, {1330, -895}, {1080, -1040}, {830, -990}, {690, -800},
			{610, -540},
		}},
		{"Foundry Road", townLine{
			{1430, -95}, {1480, -335}, {1440, -545}, {1350, -690},
		}},
	}
}

// townRingRoad runs from the quay around the town and back to the quay.
func townRingRoad() townLine {
	return townLine{
		{-230, -680}, {-450, -665}, {-690, -560}, {-850, -330}, {-1000, -60}, {-930, 250}, {-985, 480},
		{-830, 760}, {-560, 900}, {-300, 1005}, {25, 1020}, {330, 1085}, {600, 965}, {860, 830},
		{985, 600}, {1010, 380}, {1105, 120}, {1050, -120}, {950, -310}, {800, -500}, {560, -620},
		{335, -690},
	}
}

// townMains lays out the main roads, and last the quay: what all other streets
// follow.
func townMains(g *townGround, rng *rand.Rand) []townRoad {
	// In the way the bay was drawn, land is to the left.
	quay := g.bay.beside(townQuay)
	var roads []townRoad
	for _, m := range townMainRoads() {
		line := townSpline(townJitter(m.way, 12, rng), false, 12)
		line = townUpTo(line.reversed(), quay).reversed()
		roads = append(roads, townRoad{townUpTo(line, quay), true})
	}
	n := quay.length()
	return append(roads, townRoad{quay.between(0.27*n, 0.71*n), true})
}

// townQuay is how far the road along the harbour is from the water.
const townQuay = 36.0

// townUpTo is line without what lies before it first crosses the quay, if that
// is close to its beginning.
func townUpTo(line, quay townLine) townLine {
	const nearby = 250.0
	s := 0.0
	for i := 1; i < len(line) && s < nearby; i++ {
		for k := 1; k < len(quay); k++ {
			if t, _, ok := townCrossing(line[i-1], line[i], quay[k-1], quay[k]); ok {
				return line.between(max(0, s+t*line[i-1].to(line[i])-townOvershoot), line.length())
			}
		}
		s += line[i-1].to(line[i])
	}
	return line
}
