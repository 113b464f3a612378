package geofence

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// dataFile is the path of a file of the shared data, which is not part of the
// project. Without the folder the test is skipped, or fails where
// WAYGUARD_REQUIRE names data.
func dataFile(t testing.TB, path string) string {
	t.Helper()
	folder := os.Getenv("WAYGUARD_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(folder); err != nil {
		message := "needs the shared test data: put it into ../shared/data beside the project, or set WAYGUARD_DATA to its folder"
		if slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return filepath.Join(folder, filepath.FromSlash(path))
}

// track is what one vehicle reported, in order of time.
type track struct {
	vehicle string
	fixes   []Fix
}

// readCSV reads a file of the shared data and returns its rows by the names in
// its header.
func readCSV(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(dataFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < 2 {
		t.Fatalf("%s: %d records, error %v", path, len(records), err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func number(t testing.TB, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// limerick is the bus's track and its stops as circles.
func limerick(t testing.TB, radius float64) ([]track, []Fence) {
	t.Helper()
	var gpx struct {
		Points []struct {
			Lat  float64   `xml:"lat,attr"`
			Lon  float64   `xml:"lon,attr"`
			Time time.Time `xml:"time"`
		} `xml:"trk>trkseg>trkpt"`
	}
	b, err := os.ReadFile(dataFile(t, "limerick_bus304/304_to_UL_2019-02-18_0745.gpx"))
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, &gpx); err != nil || len(gpx.Points) == 0 {
		t.Fatalf("%d points, error %v", len(gpx.Points), err)
	}
	bus := track{vehicle: "bus304"}
	for _, p := range gpx.Points {
		bus.fixes = append(bus.fixes, Fix{Time: MillisOf(p.Time), Point: orb.Point{p.Lon, p.Lat}})
	}
	var fences []Fence
	for _, row := range readCSV(t, "limerick_bus304/stops.csv") {
		center := orb.Point{number(t, row["lon"]), number(t, row["lat"])}
		fences = append(fences, Fence{ID: FenceID(row["stop_name"]), Center: center, RadiusMeters: radius})
	}
	return []track{bus}, fences
}

// liverpool are the trips of a bus line and the city's wards.
func liverpool(t testing.TB) ([]track, []Fence) {
	t.Helper()
	trips := map[string][]Fix{}
	for _, row := range readCSV(t, "liverpool_bus14/route14_outbound.csv") {
		at, err := time.Parse(time.DateTime, row["timestamp"])
		if err != nil {
			t.Fatal(err)
		}
		id := row["vehicle_id"] + "/" + row["trip_id"]
		point := orb.Point{number(t, row["longitude"]), number(t, row["latitude"])}
		trips[id] = append(trips[id], Fix{Time: MillisOf(at), Point: point})
	}
	var tracks []track
	for id, fixes := range trips {
		slices.SortStableFunc(fixes, func(a, b Fix) int { return int(a.Time - b.Time) })
		tracks = append(tracks, track{id, fixes})
	}
	return tracks, wards(t)
}

func wards(t testing.TB) []Fence {
	t.Helper()
	var fences []Fence
	for i, f := range readFeatures(t, "liverpool_bus14/liverpool_wards_E08000012.geojson") {
		f.fence.ID = FenceID(fmt.Sprintf("%s#%d", f.properties["WD13NM"], i))
		fences = append(fences, f.fence)
	}
	return fences
}

type feature struct {
	fence      Fence
	properties map[string]any
}

// readFeatures reads the Polygons and MultiPolygons of a GeoJSON file.
func readFeatures(t testing.TB, path string) []feature {
	t.Helper()
	b, err := os.ReadFile(dataFile(t, path))
	if err != nil {
		t.Fatal(err)
	}
	var collection struct {
		Features []struct {
			Properties map[string]any
			Geometry   struct {
				Type        string
				Coordinates json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(b, &collection); err != nil || len(collection.Features) == 0 {
		t.Fatalf("%s: %d features, error %v", path, len(collection.Features), err)
	}
	var features []feature
	for _, f := range collection.Features {
		var polygons orb.MultiPolygon
		if f.Geometry.Type == "Polygon" {
			polygons = make(orb.MultiPolygon, 1)
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons[0])
		} else {
			err = json.Unmarshal(f.Geometry.Coordinates, &polygons)
		}
		if err != nil {
			t.Fatal(err)
		}
		features = append(features, feature{Fence{ID: FenceID(path), Polygons: polygons}, f.Properties})
	}
	return features
}
