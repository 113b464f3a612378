package main

import (
	"strings"
	"testing"

	"wayguard/geofence"
)

func TestCSVRows(t *testing.T) {
	full := fixAt(1769443022500, -2.925173, 53.44451)
	full.AccuracyMeters, full.SpeedMPS, full.HeadingDegrees, full.AltitudeMeters = 4.5, 0, 0, -3.25
	full.Known = geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownHeading | geofence.KnownAltitude
	heading := fixAt(0, 8, 50)
	heading.HeadingDegrees, heading.Known = 359.5, geofence.KnownHeading
	plain := []row{{device: "a", fix: fixAt(0, 8, 50), line: 2}, {device: "a", fix: fixAt(1000, 8, -90), line: 3}}

	runReadCases(t, "a.csv", []readCase{
		{name: "header only", text: "time,lat,lon\n"},
		{name: "header without newline", text: "time,lat,lon"},
		{name: "plain", text: "time,lat,lon\n0,50,8\n1,-90,8\n", rows: plain},
		{name: "no newline at the end", text: "time,lat,lon\n0,50,8\n1,-90,8", rows: plain},
		{name: "CRLF", text: "time,lat,lon\r\n0,50,8\r\n1,-90,8\r\n", rows: plain},
		{name: "byte order mark", text: "\ufefftime,lat,lon\n0,50,8\n1,-90,8\n", rows: plain},
		{name: "white space", text: " time , lat,lon \n 0, 50 ,8\n1,-90,\t8\n", rows: plain},
		{name: "another order", text: "lon,time,lat\n8,1970-01-01T00:00:00Z,50\n8,1970-01-01T01:00:01+01:00,-90\n", rows: plain},
		{name: "empty optional fields", text: "time,lat,lon,device,accuracy_m,speed_mps,heading_deg,altitude_m,event,ref\n0,50,8,,,,,,,\n1,-90,8,,,,,,,\n", rows: plain},
		{
			name: "empty lines are no rows",
			text: "\n\ntime,lat,lon\n\n0,50,8\n\n",
			rows: []row{{device: "a", fix: fixAt(0, 8, 50), line: 5}},
		},
		{
			name: "everything",
			text: "device,time,lat,lon,accuracy_m,speed_mps,heading_deg,altitude_m,event,ref\n" +
				"4716/1091,2026-01-26T15:57:02.5Z,53.44451,-2.925173,4.5,0,360,-3.25,handoff,Stop 1\n",
			rows: []row{{device: "4716/1091", fix: full, event: "handoff", ref: "Stop 1", line: 2}},
		},
		{
			name: "quoted fields",
			text: "time,lat,lon,\"device\",heading_deg\n\"0\",\"50\",8,\"van \"\"7\"\", red\",359.5\n",
			rows: []row{{device: `van "7", red`, fix: heading, line: 2}},
		},
	})
}

func TestCSVRowsRefuse(t *testing.T) {
	const header = "time,lat,lon,device,accuracy_m,speed_mps,heading_deg,altitude_m,event,ref\n"
	runReadCases(t, "track.csv", []readCase{
		{name: "empty", text: "", err: "track.csv:1: no header"},
		{name: "only a mark", text: "\ufeff\n\n", err: "track.csv:1: no header"},
		{name: "no header", text: "2026-01-26T15:57:02Z,50,8\n", err: "track.csv:1: unknown column"},
		{name: "unknown column", text: "time,lat,lon,speed\n", err: `track.csv:1: unknown column "speed": the columns are time, lat, lon, device, accuracy_m, speed_mps, heading_deg, altitude_m, event, ref, received, marks`},
		{name: "upper case", text: "Time,lat,lon\n", err: `unknown column "Time"`},
		{name: "unnamed column", text: "time,lat,lon,\n", err: `unknown column ""`},
		{name: "twice", text: "time,lat,lon,lat\n", err: `track.csv:1: column "lat" is there twice`},
		{name: "missing", text: "time,lat,device\n", err: "track.csv:1: no lon"},
		{name: "semicolons", text: "time;lat;lon\n0;50;8\n", err: "separated by commas"},
		{name: "tabs", text: "time\tlat\tlon\n", err: "separated by commas"},
		{name: "fields", text: "time,lat,lon\n0,50,8\n0,50\n", err: "track.csv:3: 2 fields where the header has 3"},
		{name: "more fields", text: "time,lat,lon\n0,52,66,8\n", err: "track.csv:2: 4 fields"},
		{name: "stray quote", text: "time,lat,lon\n0,50,8\n0,5\"0,8\n", err: "track.csv:3: bare"},
		{name: "open quote", text: "time,lat,lon\n0,50,8\n0,50,\"8\n0,50,8", err: "track.csv:4: "},
		{name: "line of a later record", text: "time,lat,lon\n\n0,\"5\n0\",8\n", err: "track.csv:3: lat"},
		{name: "no time", text: header + ",50,8,,,,,,,\n", err: "track.csv:2: time is empty"},
		{name: "no lat", text: header + "0,,8,,,,,,,\n", err: "track.csv:2: lat is empty"},
		{name: "zone", text: header + "2026-01-26 15:57:02,50,8,,,,,,,\n", err: "track.csv:2: time"},
		{name: "milliseconds", text: header + "1769443022000,50,8,,,,,,,\n", err: "milliseconds"},
		{name: "lat range", text: header + "0,95.2,8,,,,,,,\n", err: "track.csv:2: lat 95.2 is outside -90..90"},
		{name: "lon range", text: header + "0,50,-180.5,,,,,,,\n", err: "track.csv:2: lon -180.5 is outside -180..180"},
		{name: "lat NaN", text: header + "0,NaN,8,,,,,,,\n", err: `lat "NaN" is not a number`},
		{name: "lon infinite", text: header + "0,50,-inf,,,,,,,\n", err: `lon "-inf" is not a number`},
		{name: "decimal comma", text: header + "0,\"50,5\",8,,,,,,,\n", err: `lat "50,5" is not a number`},
		{name: "negative accuracy", text: header + "0,50,8,,-1,,,,,\n", err: "accuracy_m -1 is negative"},
		{name: "negative speed", text: header + "0,50,8,,,-0.1,,,,\n", err: "speed_mps -0.1 is negative"},
		{name: "heading", text: header + "0,50,8,,,,361,,,\n", err: "heading_deg 361 is outside 0..360"},
		{name: "huge accuracy", text: header + "0,50,8,,1e39,,,,,\n", err: "accuracy_m"},
		{name: "altitude", text: header + "0,50,8,,,,,high,,\n", err: `altitude_m "high" is not a number`},
		{name: "event", text: header + "0,50,8,,,,,,pickup,x\n", err: `track.csv:2: event "pickup" is unknown: the only event is "handoff"`},
		{name: "handoff without ref", text: header + "0,50,8,,,,,,handoff,\n", err: "track.csv:2: a handoff needs ref"},
		{name: "ref without event", text: header + "0,50,8,,,,,,,x\n", err: "without an event"},
		{name: "device control", text: header + "0,50,8,a\x1b[2J,,,,,,\n", err: "track.csv:2: device"},
		{name: "device not UTF-8", text: header + "0,50,8,\xff,,,,,,\n", err: "device"},
		{name: "device long", text: header + "0,50,8," + strings.Repeat("x", 257) + ",,,,,,\n", err: "device has 257 characters"},
		{name: "zeros", text: "time,lat,lon\n\x00\x00\x00,50,8\n", err: "track.csv:2: time"},
	})
}
