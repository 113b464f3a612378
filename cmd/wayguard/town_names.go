package main

import (
	"fmt"
	"math/rand/v2"
)

const (
	townName    = "Farhaven"
	townStation = "Farhaven Station"
)

// townLabel is a name on the map. Its kind says what it names: town, district,
// park, water or place.
type townLabel struct {
	at   townVec
	name string
	kind string
}

func townParkNames() []string {
	return []string{"Lantern Gardens", "Heron Park", "Orchard Green", "Signal Fields", "Mill Meadow", "Wall Gardens"}
}

func townStreetStems() []string {
	return []string{
		"Alder", "Amber", "Anchor", "Barley", "Beacon", "Birch", "Bramble", "Buoy", "Candle", "Cobble",
		"Cooper", "Copper", "Cormorant", "Curlew", "Driftwood", "Dune", "Elder", "Fathom", "Ferry", "Fisher",
		"Gannet", "Garnet", "Gorse", "Gull", "Halyard", "Hawser", "Hazel", "Heather", "Juniper", "Kelp",
		"Kestrel", "Lark", "Linden", "Maple", "Marram", "Mizzen", "Net", "Oar", "Osprey", "Otter",
		"Pebble", "Petrel", "Plover", "Puffin", "Quarry", "Reed", "Rigging", "Rowan", "Saffron", "Sail",
		"Samphire", "Sandpiper", "Shale", "Spindrift", "Starling", "Tern", "Thistle", "Tide", "Vesper",
		"Weaver", "Whelk", "Willow", "Wren", "Yarrow",
	}
}

// suffixes of street names, by zone.
func (z townZone) suffixes() []string {
	switch z {
	case zoneTownOld:
		return []string{"Lane", "Row", "Steps", "Gate"}
	case zoneTownEstate:
		return []string{"Works", "Wharf", "Yard"}
	case zoneTownCentre:
		return []string{"Street", "Place"}
	}
	return []string{"Street", "Road", "Avenue", "Way", "Rise"}
}

// townStreetNames names each road of the network, no two alike.
func townStreetNames(net *townNet, z *townZones, rng *rand.Rand) []string {
	var names []string
	for _, m := range townMainRoads() {
		names = append(names, m.name)
	}
	names = append(names, "The Quay")
	stems := townStreetStems()
	rng.Shuffle(len(stems), func(i, j int) { stems[i], stems[j] = stems[j], stems[i] })
	used := map[string]bool{}
	next := 0
	for _, e := range net.edges {
		for len(names) <= e.road {
			names = append(names, "")
		}
		if names[e.road] != "" {
			continue
		}
		middle, _ := e.line.at(e.line.length() / 2)
		suffixes := z.at(middle).suffixes()
		for names[e.road] == "" {
			stem, round := next%len(stems), next/len(stems)
			name := stems[stem] + " " + suffixes[(stem+round)%len(suffixes)]
			if round >= len(suffixes) {
				name = fmt.Sprintf("%s %d", name, 1+round/len(suffixes))
			}
			if next++; !used[name] {
				names[e.road], used[name] = name, true
			}
		}
	}
	return names
}

// townPlaceLabels names the town, its parts and its waters.
func townPlaceLabels() []townLabel {
	return []townLabel{
		{townVec{20, 150}, townName, "town"},
		{townVec{-330, -345}, "Oldhaven", "district"},
		{townVec{280, 30}, "Bridge End", "district"},
		{townVec{-700, 130}, "Westering", "district"},
		{townVec{-430, 700}, "Millbank", "district"},
		{townVec{560, 640}, "Kingfisher Hill", "district"},
		{townVec{500, -380}, "Eastquay", "district"},
		{townVec{1080, -740}, "Saltworks", "district"},
		{townVec{-880, -780}, "Lanternside", "district"},
		{townVec{900, 150}, "Larkfield", "district"},
		{townVec{130, -850}, "Farhaven Harbour", "water"},
		{townVec{-330, 1080}, "River Silla", "water"},
		{townVec{-560, 1560}, "Silla Water", "water"},
	}
}
