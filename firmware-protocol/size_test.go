package firmware

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sighting is a recorded position.
type sighting struct {
	at       time.Time
	lat, lon float64
}

// data globs in the folder of recorded data.
func data(t *testing.T, pattern ...string) string {
	t.Helper()
	folder := os.Getenv("WAYGUARD_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	names, _ := filepath.Glob(filepath.Join(append([]string{folder}, pattern...)...))
	if len(names) == 0 && slices.Contains(strings.Split(os.Getenv("WAYGUARD_REQUIRE"), ","), "data") {
		t.Fatalf("no recorded track in %s", folder)
	}
	if len(names) == 0 {
		t.Skipf("no recorded track in %s", folder)
	}
	return names[0]
}

func readInto(t *testing.T, name string, unmarshal func([]byte, any) error, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// limerick is a bus, munich a car, both with a fix about each second.
func limerick(t *testing.T) (track []sighting) {
	var gpx struct {
		Points []struct {
			Lat  float64   `xml:"lat,attr"`
			Lon  float64   `xml:"lon,attr"`
			Time time.Time `xml:"time"`
		} `xml:"trk>trkseg>trkpt"`
	}
	readInto(t, data(t, "limerick_bus304", "*.gpx"), xml.Unmarshal, &gpx)
	for _, p := range gpx.Points {
		track = append(track, sighting{p.Time, p.Lat, p.Lon})
	}
	return track
}

func munich(t *testing.T) (track []sighting) {
	var points []struct{ Point, Time string }
	readInto(t, data(t, "barefoot_munich", "x0001-001.json"), json.Unmarshal, &points)
	for _, p := range points {
		var s sighting
		_, err := fmt.Sscanf(p.Point, "POINT(%g %g)", &s.lon, &s.lat)
		if err == nil {
			s.at, err = time.Parse("2006-01-02 15:04:05-0700", p.Time)
		}
		if err != nil {
			t.Fatal(err)
		}
		track = append(track, s)
	}
	return track
}

// everyTenSeconds is a track as a device reports it: a fix exactly each 10 s,
// between the recorded ones, with accuracy, speed and heading.
func everyTenSeconds(track []sighting) (fixes []Fix) {
	const step = 10 * time.Second
	at := track[0].at.Truncate(step).Add(step)
	for i := 1; i < len(track); i++ {
		a, b := track[i-1], track[i]
		for ; at.Before(b.at); at = at.Add(step) {
			if at.Before(a.at) {
				continue
			}
			share := float64(at.Sub(a.at)) / float64(b.at.Sub(a.at))
			north := (b.lat - a.lat) * 111_195
			east := (b.lon - a.lon) * 111_195 * math.Cos(a.lat*math.Pi/180)
			fixes = append(fixes, Fix{
				Time: Millis(at.UnixMilli()), Known: KnownAccuracy | KnownSpeed | KnownHeading,
				Lat:      int32(math.Round((a.lat + share*(b.lat-a.lat)) * 1e7)),
				Lon:      int32(math.Round((a.lon + share*(b.lon-a.lon)) * 1e7)),
				Speed:    uint32(math.Round(math.Hypot(north, east) / b.at.Sub(a.at).Seconds() * 10)),
				Heading:  uint16(math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)),
				Accuracy: uint32(30 + 10*(len(fixes)/7%3)),
			})
		}
	}
	return fixes
}

// A fix each 10 s costs at most 8 bytes in a batch of 60, with all that a frame
// holds besides.
func TestSizeOfRecordedTrack(t *testing.T) {
	key, _ := testKeys(t)
	for name, track := range map[string]func(*testing.T) []sighting{"limerick": limerick, "munich": munich} {
		t.Run(name, func(t *testing.T) {
			fixes := everyTenSeconds(track(t))
			batches, bytes, count := 0, 0, 0
			for ; len(fixes) >= 60; fixes = fixes[60:] {
				batches++
				r := Report{Boot: 3, Sequence: uint32(batches), Time: fixes[59].Time + 400, Fixes: fixes[:60]}
				frame, err := r.Append(nil, key, Encrypted, Decimetre)
				if err != nil {
					t.Fatal(err)
				}
				bytes, count = bytes+len(frame), count+60
			}
			if count == 0 {
				t.Fatal("the track is shorter than a batch")
			}
			mean := float64(bytes) / float64(count)
			t.Logf("%d batches of 60 fixes: %.2f bytes a fix, head and tag included", batches, mean)
			if mean > 8 {
				t.Errorf("%.2f bytes a fix, at most 8", mean)
			}
		})
	}
}
