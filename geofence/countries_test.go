package geofence

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

// country is the fence of a file of the shared data, prepared.
func country(t testing.TB, code string) *zone {
	t.Helper()
	features := readFeatures(t, "geometry/countries/"+code+".geo.json")
	if len(features) != 1 {
		t.Fatalf("%d features, want 1", len(features))
	}
	z, err := newZone(features[0].fence)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestCountries(t *testing.T) {
	zones := map[string]*zone{}
	for _, code := range []string{"fji", "kir", "lso", "zaf", "nzl"} {
		zones[code] = country(t, code)
	}
	for _, c := range []struct {
		code     string
		place    string
		lon, lat float64
		want     location
	}{
		// Fiji lies on both sides of the antimeridian, in 37 parts of which
		// Taveuni, Rabi and Vanua Levu's east are cut in two.
		{"fji", "Nadarivatu in the hills of Viti Levu", 177.97, -17.57, inside},
		{"fji", "Nadi airport", 177.443, -17.755, inside},
		{"fji", "Labasa on Vanua Levu", 179.365, -16.433, inside},
		{"fji", "Des Voeux Peak, west longitudes of Taveuni", -179.966, -16.843, inside},
		{"fji", "the south of Taveuni, east longitudes", 179.95, -16.9, inside},
		{"fji", "the antimeridian on Taveuni", 180, -16.85, inside},
		{"fji", "the same place by its other name", -180, -16.85, inside},
		{"fji", "the antimeridian on Rabi", 180, -16.515, inside},
		{"fji", "Rabi, east longitudes", 179.99, -16.515, inside},
		{"fji", "Rabi, west longitudes", -179.97, -16.5, inside},
		{"fji", "Lakeba, an island far east", -178.78, -18.22, inside},
		{"fji", "Rotuma, an island far north", 177.07, -12.5, inside},
		{"fji", "the antimeridian in the sea between Taveuni and Rabi", 180, -16.6, outside},
		{"fji", "the same by its other name", -180, -16.6, outside},
		{"fji", "the Koro Sea", 178.9, -17.2, outside},
		{"fji", "the sea east of Taveuni", -179.5, -16.85, outside},
		{"fji", "Nuku'alofa in Tonga", -175.2, -21.14, outside},
		{"fji", "the latitude of Viti Levu half round the globe", -2.03, -17.57, outside},
		// Kiribati spans 40 degrees of longitude across the antimeridian.
		{"kir", "Makin, its north-west", 172.97, 3.27, inside},
		{"kir", "Arorae, the last island before the antimeridian", 176.82, -2.64, inside},
		{"kir", "Kanton, beyond the antimeridian", -171.67, -2.8, inside},
		{"kir", "Teraina", -160.4, 4.7, inside},
		{"kir", "Kiritimati's south-east", -157.35, 1.8, inside},
		{"kir", "the lagoon of Kiritimati, open to the sea", -157.45, 1.9, outside},
		{"kir", "Flint, its south-east", -151.8, -11.43, inside},
		{"kir", "the antimeridian on the equator", 180, 0, outside},
		{"kir", "Nauru", 166.93, -0.53, outside},
		{"kir", "Howland, a neighbour", -176.62, 0.81, outside},
		{"kir", "the Gulf of Guinea", 0, 0, outside},
		// Lesotho is a hole of South Africa.
		{"lso", "Thaba-Tseka in its middle", 28.6089, -29.522, inside},
		{"lso", "Mokhotlong in its east", 29.067, -29.29, inside},
		{"lso", "Ladybrand over the border", 27.457, -29.196, outside},
		{"zaf", "Thaba-Tseka", 28.6089, -29.522, outside},
		{"zaf", "Mokhotlong", 29.067, -29.29, outside},
		{"zaf", "Ladybrand", 27.457, -29.196, inside},
		{"zaf", "Bloemfontein", 26.21, -29.12, inside},
		{"zaf", "Pretoria", 28.19, -25.75, inside},
		{"zaf", "Mbabane in Eswatini", 31.13, -26.32, outside},
		{"zaf", "Marion Island, 1,800 km off", 37.75, -46.9, inside},
		// New Zealand has islands beyond the antimeridian, none on it.
		{"nzl", "Palmerston North", 175.61, -40.355, inside},
		{"nzl", "Stewart Island", 167.9, -47, inside},
		{"nzl", "Campbell Island", 169.15, -52.54, inside},
		{"nzl", "Chatham Island, beyond the antimeridian", -176.55, -44.03, inside},
		{"nzl", "Raoul, 1,000 km to the north-east", -177.92, -29.27, inside},
		{"nzl", "Cook Strait between the two large islands", 174.5, -41.3, outside},
		{"nzl", "Foveaux Strait", 168.2, -46.7, outside},
		{"nzl", "the sea between Chatham and the antimeridian", -179, -44, outside},
	} {
		if got := zones[c.code].shape.locate(newSpot(orb.Point{c.lon, c.lat})); got != c.want {
			t.Errorf("%s: %s is %d, want %d", c.code, c.place, got, c.want)
		}
	}
}

// Across the island of Taveuni, from coast to coast, the distance to the coast
// grows and shrinks as steadily at the antimeridian as anywhere, and agrees
// with that to the nearest of the corners that are not on the antimeridian.
func TestDistanceDoesNotSeeTheCutOfTaveuni(t *testing.T) {
	z := country(t, "fji")
	var corners []orb.Point
	for _, polygon := range z.fence.Polygons {
		for _, p := range polygon[0] {
			if math.Abs(p[0]) < 179.9999 {
				corners = append(corners, p)
			}
		}
	}
	const step = 0.0005
	last := math.NaN()
	for lon := 179.99; lon < 180.02; lon += step {
		s := newSpot(orb.Point{math.Remainder(lon, 360), -16.85})
		d := z.shape.distance(s, math.Inf(1))
		if d < 1500 {
			t.Errorf("%v is %.0f m inside, want more than 1500", s.point(), d)
		}
		if jump := math.Abs(d - last); jump > step*metersPerDegree {
			t.Errorf("%v is %.0f m inside, %.0f m more or less than its neighbour", s.point(), d, jump)
		}
		nearest := math.Inf(1)
		for _, c := range corners {
			nearest = min(nearest, haversine(s, newSpot(c)))
		}
		if d > nearest*1.001 {
			t.Errorf("%v is %.0f m inside, but a corner is %.0f m away", s.point(), d, nearest)
		}
		last = d
	}
}
