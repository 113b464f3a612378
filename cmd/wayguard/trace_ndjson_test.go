package main

import "testing"

func TestNDJSONRows(t *testing.T) {
	plain := []row{{device: "a", fix: fixAt(0, 8, 50), line: 1}, {device: "b", fix: fixAt(1500, 8, 50), line: 2}}
	numbered := []row{{device: "4716", fix: fixAt(0, 8, 50), event: "handoff", ref: "17", line: 1}}
	runReadCases(t, "a.ndjson", []readCase{
		{name: "empty"},
		{name: "empty lines", text: "\n \n\t\r\n"},
		{name: "plain", text: `{"time":0,"lat":50,"lon":8}` + "\n" + `{"device":"b","lon":8.0,"lat":5e1,"time":"1970-01-01T00:00:01.5Z"}` + "\n", rows: plain},
		{name: "CRLF, mark, no end", text: "\ufeff" + `{"time":0,"lat":50,"lon":8}` + "\r\n" + `{"time":1.5,"lat":50,"lon":8,"device":"b"}`, rows: plain},
		{name: "null is absent", text: `{"time":0,"lat":50,"lon":8,"accuracy_m":null,"device":null,"event":null}` + "\n" + `{"time":"1.5","lat":50,"lon":8,"device":"b"}`, rows: plain},
		{name: "numbers as names", text: `{"time":0,"lat":50,"lon":8,"device":4716,"event":"handoff","ref":17}`, rows: numbered},
		{name: "line counts", text: "\n\n" + `{"time":0,"lat":50,"lon":8}`, rows: []row{{device: "a", fix: fixAt(0, 8, 50), line: 3}}},
	})
}

func TestNDJSONRowsRefuse(t *testing.T) {
	const good = `{"time":0,"lat":50,"lon":8}` + "\n"
	runReadCases(t, "a.ndjson", []readCase{
		{name: "cut", text: good + `{"time":0,`, err: "a.ndjson:2: want one JSON object a line"},
		{name: "list", text: "[1,2]", err: "a.ndjson:1: want one JSON object"},
		{name: "two in a line", text: `{"time":0,"lat":50,"lon":8} {}`, err: "a.ndjson:1: want one JSON object"},
		{name: "spread over lines", text: "{\n\"time\":0}", err: "a.ndjson:1: "},
		{name: "null", text: good + "null", err: "a.ndjson:2: no time"},
		{name: "missing lat", text: good + `{"time":0,"lon":8}`, err: "a.ndjson:2: no lat: a row needs time, lat, lon"},
		{name: "null lon", text: `{"time":0,"lat":50,"lon":null}`, err: "no lon"},
		{name: "unknown", text: `{"time":0,"lat":50,"lon":8,"speed":3}`, err: `unknown column "speed": the columns are time,`},
		{name: "case", text: `{"time":0,"lat":50,"lon":8,"Event":"handoff"}`, err: `unknown column "Event"`},
		{name: "string number", text: `{"time":0,"lat":"50","lon":8}`, err: `lat "50" is a string: write the number without quotes`},
		{name: "NaN", text: `{"time":0,"lat":NaN,"lon":8}`, err: "a.ndjson:1: "},
		{name: "NaN in quotes", text: `{"time":0,"lat":"NaN","lon":8}`, err: "without quotes"},
		{name: "range", text: good + `{"time":0,"lat":-90.01,"lon":8}`, err: "a.ndjson:2: lat -90.01 is outside -90..90"},
		{name: "overflow", text: `{"time":0,"lat":1e999,"lon":8}`, err: "lat"},
		{name: "object", text: `{"time":0,"lat":50,"lon":8,"device":{"id":1}}`, err: "neither a string nor a number"},
		{name: "bool", text: `{"time":true,"lat":50,"lon":8}`, err: "neither a string nor a number"},
		{name: "device escape", text: `{"time":0,"lat":50,"lon":8,"device":"a\u0000b"}`, err: "a.ndjson:1: device"},
		{name: "handoff without ref", text: `{"time":0,"lat":50,"lon":8,"event":"handoff"}`, err: "needs ref"},
	})
}
