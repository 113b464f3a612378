package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wayguard/geofence"
)

// maxDepth is how deep a GPX file's elements may be nested.
const maxDepth = 64

// gpxRows reads the track points of GPX 1.0 and 1.1
// (https://www.topografix.com/gpx.asp); routes and waypoints are plans, not
// tracks, and are passed over. Of a point it takes time, ele, and speed and
// course of GPX 1.0 or of Garmin's TrackPointExtension. hdop is no accuracy:
// it says how the satellites stood, not how far off the fix is.
type gpxRows struct {
	xml    *xml.Decoder
	budget *budgetReader
	depth  int
	// points counts all track points, untimed those without a time, which
	// cannot be replayed.
	points, untimed int
}

func newGPXRows(r io.Reader) *gpxRows {
	g := &gpxRows{budget: &budgetReader{r: r}}
	g.xml = xml.NewDecoder(g.budget)
	g.xml.CharsetReader = asciiReader
	return g
}

func (g *gpxRows) read() (row, error) {
	for {
		token, line, err := g.next()
		if err != nil {
			return row{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if g.depth == 1 && t.Name.Local != "gpx" {
				return row{}, &lineError{line, fmt.Errorf("not GPX: the first element is <%.40s>", t.Name.Local)}
			}
			if t.Name.Local != "trkpt" {
				continue
			}
			r, timed, err := g.point(t, line)
			if err != nil || timed {
				return r, err
			}
		case xml.EndElement:
			if g.depth == 0 {
				return row{}, io.EOF // loggers leave rubbish behind it
			}
		}
	}
}

// next returns the next token and the line it begins on.
func (g *gpxRows) next() (xml.Token, int, error) {
	g.budget.refill()
	line, _ := g.xml.InputPos()
	token, err := g.xml.Token()
	if err != nil {
		return nil, line, broken(err, line)
	}
	switch token.(type) {
	case xml.StartElement:
		if g.depth++; g.depth > maxDepth {
			return nil, line, &lineError{line, fmt.Errorf("elements nested more than %d deep", maxDepth)}
		}
	case xml.EndElement:
		g.depth--
	}
	return token, line, nil
}

func broken(err error, line int) error {
	if err == io.EOF {
		err = errors.New("not GPX: there is no <gpx> element")
	}
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		line, err = syntax.Line, errors.New(syntax.Msg)
	}
	return &lineError{line, err}
}

// point reads up to the point's end; timed tells whether it has a time.
func (g *gpxRows) point(start xml.StartElement, line int) (r row, timed bool, err error) {
	g.points++
	r.line = line
	if err := r.place(start.Attr); err != nil {
		return row{}, false, &lineError{line, err}
	}
	var text []byte
	for outside := g.depth - 1; g.depth > outside; {
		token, at, err := g.next()
		if err != nil {
			return row{}, false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			text = text[:0]
		case xml.CharData:
			if len(text) < 256 { // no value is longer; a description may be
				text = append(text, t...)
			}
		case xml.EndElement:
			value, direct := strings.TrimSpace(string(text)), g.depth == outside+1
			if err := r.setElement(t.Name, direct, value); err != nil {
				return row{}, false, &lineError{at, err}
			}
			timed = timed || direct && t.Name.Local == "time" && value != ""
			text = text[:0]
		}
	}
	if !timed {
		g.untimed++
	}
	return r, timed, nil
}

func (r *row) place(attributes []xml.Attr) error {
	for _, name := range []string{"lat", "lon"} {
		i := 0
		for i < len(attributes) && attributes[i].Name.Local != name {
			i++
		}
		if i == len(attributes) {
			return fmt.Errorf("the track point has no %s", name)
		}
		if err := r.set(name, attributes[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// setElement takes a child of a track point, or a grandchild if direct is
// false. Measures that make no sense are taken as not known: recorders write
// -1 or NaN for that.
func (r *row) setElement(name xml.Name, direct bool, text string) error {
	if text == "" || !direct && !isTrackPointExtension(name.Space) {
		return nil
	}
	switch name.Local {
	case "time":
		if !direct {
			return nil
		}
		at, _, ok := parseDateTime(text) // GPX times are UTC, with or without the Z
		if !ok {
			return fmt.Errorf("time %.60q is not a date and time such as 2026-01-26T15:57:02Z", text)
		}
		var err error
		r.fix.Time, err = inRange(text, geofence.MillisOf(at))
		return err
	case "ele":
		_ = r.set("altitude_m", text)
	case "speed":
		_ = r.set("speed_mps", text)
	case "course":
		_ = r.set("heading_deg", text)
	}
	return nil
}

// isTrackPointExtension also takes the bare prefix: some recorders forget to
// declare it.
func isTrackPointExtension(space string) bool {
	const garmin = "http://www.garmin.com/xmlschemas/TrackPointExtension/v"
	return space == "gpxtpx" || strings.HasPrefix(space, garmin)
}

// asciiReader lets the single-byte encodings through whose lower half is
// ASCII, in which everything that is read of GPX is written.
func asciiReader(charset string, r io.Reader) (io.Reader, error) {
	charset = strings.ToLower(charset)
	for _, prefix := range []string{"us-ascii", "ascii", "iso-8859-", "windows-125"} {
		if strings.HasPrefix(charset, prefix) {
			return &singleByteReader{r: r}, nil
		}
	}
	return nil, fmt.Errorf("encoding %s: save the file as UTF-8", strconv.Quote(charset))
}

// singleByteReader puts a question mark for each byte beyond ASCII.
type singleByteReader struct{ r io.Reader }

func (s *singleByteReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	for i, c := range p[:n] {
		if c > 127 {
			p[i] = '?'
		}
	}
	return n, err
}
