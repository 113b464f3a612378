package geofence

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// randomAddress is a point, or a house.
func randomAddress(random *rand.Rand, id string, middle orb.Point) Address {
	p := randomPlace(random, middle)
	if random.IntN(2) == 0 {
		return Address{ID: id, Place: Place{Point: p}}
	}
	return Address{ID: id, Place: Place{Polygons: orb.MultiPolygon{house(p, 20, 10)}}}
}

// house is a rectangle around p, so many metres from west to east and from south
// to north.
func house(p orb.Point, width, depth float64) orb.Polygon {
	s := newSpot(p)
	corner := func(x, y float64) orb.Point { return shifted(s, x*width/2, y*depth/2) }
	return orb.Polygon{{corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)}}
}

// Addresses made by edits are found as if made at once, and all that are within
// reach, in order.
func TestAddressesNearAgainstEach(t *testing.T) {
	for run := range 12 {
		random, seed := seeded(run)
		middle := []orb.Point{{15.6, 48.4}, {180, -16.8}, {-179.99, 65}, {0, 0}}[random.IntN(4)]
		w, all := newWorld(t, Settings{}), map[string]Address{}
		for version := range uint64(20) {
			var put []Address
			var remove []string
			for i := range 10 {
				id := fmt.Sprint(10*i + random.IntN(10))
				put = append(put, randomAddress(random, id, middle))
				remove = append(remove, fmt.Sprint(random.IntN(100)))
			}
			for _, id := range remove {
				delete(all, id)
			}
			for _, a := range put {
				all[a.ID] = a
			}
			var err error
			if w, err = w.WithAddresses(version, put, remove); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for range 50 {
			s, reach := newSpot(randomPlace(random, middle)), 2000*random.Float64()
			found := w.addressesNear(s, reach, nil)
			if !slices.IsSortedFunc(found, byID) {
				t.Fatalf("seed %d: not in order", seed)
			}
			for _, id := range slices.Sorted(maps.Keys(all)) {
				p, err := newPlace(all[id].Place)
				if err != nil {
					t.Fatal(err)
				}
				if p.distance(s) <= reach && !slices.ContainsFunc(found, func(z *zone) bool { return string(z.fence.ID) == id }) {
					t.Fatalf("seed %d: %s is %g m from %v and not found within %g", seed, id, p.distance(s), s.point(), reach)
				}
			}
		}
	}
}

func TestWithAddressesRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		put  []Address
		want error
	}{
		"no id":         {[]Address{{}}, ErrID},
		"long id":       {[]Address{{ID: strings.Repeat("x", MaxIDBytes+1)}}, ErrID},
		"twice":         {[]Address{{ID: "a"}, {ID: "b"}, {ID: "a"}}, ErrDuplicate},
		"off the globe": {[]Address{{ID: "a", Place: Place{Point: orb.Point{0, 91}}}}, ErrCoordinates},
		"open premises": {[]Address{{ID: "a", Place: Place{Polygons: orb.MultiPolygon{{{{0, 0}, {1, 0}, {0, 1}}}}}}}, ErrUnclosedRing},
	} {
		if w, err := newWorld(t, Settings{}).WithAddresses(2, c.put, nil); !errors.Is(err, c.want) || w != nil {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// Whatever else is edited, addresses stay, and they change no fence.
func TestAddressesStay(t *testing.T) {
	w := newWorld(t, Settings{}, field("a"))
	with, err := w.WithAddresses(2, []Address{{ID: "b", Place: Place{Point: orb.Point{1, 1}}}}, []string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	with, err = with.With(3, nil, []FenceID{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	with = with.WithDevices(4, []Device{{ID: "d"}}, nil)
	if with, err = with.WithRounds(5, []Round{{ID: "r"}}, nil); err != nil {
		t.Fatal(err)
	}
	at := newSpot(orb.Point{1, 1})
	if n := len(with.addressesNear(at, 1, nil)); n != 1 || with.Len() != 0 || with.Version() != 5 {
		t.Errorf("%d addresses, %d fences, version %d", n, with.Len(), with.Version())
	}
	if n := len(w.addressesNear(at, 1, nil)); n != 0 || w.Len() != 1 {
		t.Errorf("the World it was made from has %d addresses, %d fences", n, w.Len())
	}
}

func TestExtent(t *testing.T) {
	for _, at := range []orb.Point{{15.6, 48.4}, {180, -16.8}, {-180, 60}} {
		premises := orb.MultiPolygon{house(at, 40, 20), house(shifted(newSpot(at), 100, 0), 10, 10)}
		premises[0] = append(premises[0], house(at, 10, 10)[0])
		area, outline := extent(premises)
		if math.Abs(area-800) > 2 || math.Abs(outline-160) > 0.2 {
			t.Errorf("at %v: %g square metres, %g m around, want 800 and 160", at, area, outline)
		}
	}
	if area, outline := extent(nil); area != 0 || outline != 0 {
		t.Errorf("a point has %g square metres, %g m around", area, outline)
	}
}

// An edit of one address among many costs a copy of the pointers.
func BenchmarkWithAddresses(b *testing.B) {
	random, _ := seeded(0)
	var all []Address
	for i := range 100_000 {
		all = append(all, Address{ID: fmt.Sprint(i), Place: Place{Point: destination(orb.Point{15.6, 48.4}, random.Float64()*7, 20_000*random.Float64())}})
	}
	w, err := newWorld(b, Settings{}).WithAddresses(2, all, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := w.WithAddresses(3, all[i%1000:i%1000+1], nil); err != nil {
			b.Fatal(err)
		}
	}
}
