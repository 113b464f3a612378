package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wayguard/geofence"
)

// gpxTrack is a GPX file around the points.
func gpxTrack(points ...string) string {
	return "<?xml version=\"1.0\"?>\n<gpx xmlns=\"http://www.topografix.com/GPX/1/1\"><trk><trkseg>\n" +
		strings.Join(points, "\n") + "\n</trkseg></trk></gpx>"
}

func TestGPXRows(t *testing.T) {
	known := fixAt(1769443022500, 8, 50)
	known.SpeedMPS, known.HeadingDegrees, known.AltitudeMeters = 12.5, 0, -3
	known.Known = geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	at := func(line int, fix geofence.Fix) []row { return []row{{device: "a", fix: fix, line: line}} }
	second := at(3, fixAt(1000, 8, 50))

	runReadCases(t, "a.gpx", []readCase{
		{name: "no tracks", text: `<gpx/>`},
		{name: "waypoints and routes", text: `<gpx><wpt lat="1" lon="2"><time>1970-01-01T00:00:01Z</time></wpt><rte><rtept lat="x"/></rte></gpx>`},
		{name: "time", text: gpxTrack(`<trkpt lat="50" lon="8"><time>1970-01-01T00:00:01Z</time></trkpt>`), rows: second},
		{name: "UTC without the Z", text: gpxTrack(`<trkpt lat="50" lon="8"><time>1970-01-01T00:00:01</time></trkpt>`), rows: second},
		{name: "offset", text: gpxTrack(`<trkpt lat="50" lon="8"><time>1970-01-01T01:00:01+01:00</time></trkpt>`), rows: second},
		{name: "white space", text: gpxTrack("<trkpt lon=' 8 ' lat='50.0'><time>\n 1970-01-01T00:00:01Z </time></trkpt>"), rows: second},
		{name: "character data in pieces", text: gpxTrack(`<trkpt lat="50" lon="8"><time>1970-<!-- x --><![CDATA[01-01T]]>00:00:01Z</time></trkpt>`), rows: second},
		{name: "mark", text: "\ufeff" + gpxTrack(`<trkpt lat="50" lon="8"><time>1970-01-01T00:00:01Z</time></trkpt>`), rows: second},
		{name: "rubbish behind the end", text: gpxTrack(`<trkpt lat="50" lon="8"><time>1970-01-01T00:00:01Z</time></trkpt>`) + "\x00\x00<", rows: second},
		{name: "Latin-1", text: "<?xml version='1.0' encoding='ISO-8859-1'?><gpx><name>Stra\xdfe</name>\n\n<trk><trkpt lat='50' lon='8'><time>1970-01-01T00:00:01Z</time></trkpt></trk></gpx>", rows: second},
		{
			name: "GPX 1.0",
			text: gpxTrack(`<trkpt lat="50" lon="8"><ele>-3</ele><time>2026-01-26T15:57:02.5Z</time><course>360</course><speed>12.5</speed><hdop>1.2</hdop></trkpt>`),
			rows: at(3, known),
		},
		{
			name: "extension",
			text: gpxTrack(`<trkpt lat="50" lon="8"><ele>-3</ele><time>2026-01-26T15:57:02.5Z</time><extensions>
				<x:TrackPointExtension xmlns:x="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"><x:speed>12.5</x:speed><x:course>0</x:course></x:TrackPointExtension></extensions></trkpt>`),
			rows: at(3, known),
		},
		{
			name: "undeclared prefix",
			text: gpxTrack(`<trkpt lat="50" lon="8"><ele>-3</ele><time>2026-01-26T15:57:02.5Z</time><extensions><gpxtpx:speed>12.5</gpxtpx:speed><gpxtpx:course>0</gpxtpx:course></extensions></trkpt>`),
			rows: at(3, known),
		},
		{
			name: "measures that are none",
			text: gpxTrack(`<trkpt lat="50" lon="8"><ele>NaN</ele><time>1970-01-01T00:00:01Z</time><speed>-1</speed><course>-1</course><extensions><speed>9</speed><time>x</time></extensions></trkpt>`),
			rows: second,
		},
	})
}

func TestGPXRowsRefuse(t *testing.T) {
	const timed = `<time>1970-01-01T00:00:01Z</time>`
	runReadCases(t, "a.gpx", []readCase{
		{name: "empty", text: "", err: "a.gpx:1: not GPX: there is no <gpx>"},
		{name: "another format", text: `<kml></kml>`, err: "not GPX: the first element is <kml>"},
		{name: "cut", text: gpxTrack()[:80], err: "a.gpx:2: unexpected EOF"},
		{name: "cut in a point", text: "<gpx><trk><trkseg>\n<trkpt lat='50' lon='8'><time>1970", err: "a.gpx:2: unexpected EOF"},
		{name: "crossed", text: "<gpx>\n<trk></gpx>", err: "a.gpx:2: element <trk> closed by </gpx>"},
		{name: "entity", text: "<gpx>\n\n&x;</gpx>", err: "a.gpx:3: invalid character entity"},
		{name: "no lat", text: gpxTrack(`<trkpt lon="8">` + timed + `</trkpt>`), err: "a.gpx:3: the track point has no lat"},
		{name: "lat text", text: gpxTrack(`<trkpt lat="N50" lon="8"/>`), err: `a.gpx:3: lat "N50" is not a number`},
		{name: "lat range", text: gpxTrack("", "", `<trkpt lat="95.2" lon="8"/>`), err: "a.gpx:5: lat 95.2 is outside -90..90"},
		{name: "NaN", text: gpxTrack(`<trkpt lat="NaN" lon="8"/>`), err: `lat "NaN" is not a number`},
		{name: "time", text: gpxTrack(`<trkpt lat="50" lon="8"><time>noon</time></trkpt>`), err: `a.gpx:3: time "noon"`},
		{name: "encoding", text: `<?xml version="1.0" encoding="UTF-7"?><gpx/>`, err: "save the file as UTF-8"},
	})
}

func TestGPXRowsCountUntimed(t *testing.T) {
	text := gpxTrack(`<trkpt lat="50" lon="8"/>`, `<trkpt lat="50" lon="8"><time> </time></trkpt>`,
		`<trkpt lat="50" lon="8"><time>1970-01-01T00:00:01Z</time></trkpt>`)
	rows, tr, err := readRows("a.gpx", strings.NewReader(text))
	if err != nil || len(rows) != 1 || tr.emptyNote() != "a.gpx: 2 of 3 track points have no time, and were left out" {
		t.Errorf("%d rows, %q, %v", len(rows), tr.emptyNote(), err)
	}
}

// Files that other programs choked on: none of them is broken.
func TestGPXOddFiles(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(dataDir(t), "graphhopper_gpx", "*.gpx"))
	if err != nil || len(paths) != 17 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	timed := map[string]int{
		"another-tour-with-loop.gpx": 14, "gpxv1_0.gpx": 14, "issue-13.gpx": 29, "issue-70.gpx": 17, "test1.gpx": 264,
		"test2.gpx": 2, "tour-with-loop.gpx": 11, "tour2-with-loop.gpx": 12, "tour3-with-long-edge.gpx": 7, "tour4-with-uturn.gpx": 5,
	}
	for _, path := range paths {
		name := filepath.Base(path)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, tr, err := readRows(name, f)
		if err != nil || len(rows) != timed[name] {
			t.Errorf("%s: %d rows, want %d; %v", name, len(rows), timed[name], err)
		}
		if err == nil && len(rows) == 0 && tr.emptyNote() == "" {
			t.Errorf("%s: nothing is said about a file without rows", name)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
