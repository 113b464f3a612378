package web

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"wayguard/tracker"
)

// defaultTrack is how much of a track is shown where from is not given.
const defaultTrack = 24 * time.Hour

// trackBuffer is how much of a track is written at a time.
const trackBuffer = 32 << 10

// errClientGone is wrapped by errors that are not ours: the client closed the
// connection or stopped reading.
var errClientGone = errors.New("the client does not take the answer")

// trackWriter writes one format. The whole track is never in memory.
type trackWriter interface {
	begin(d trackSubject) error
	point(p tracker.TrackPoint) error
	end() error
}

// trackSubject is whose track it is.
type trackSubject struct {
	id       tracker.DeviceID
	name     string
	from, to time.Time
}

// trackFormat is one way to write a track.
type trackFormat struct {
	name, media, extension string
	writer                 func(io.Writer) trackWriter
}

// trackFormats are in order of preference.
func trackFormats() []trackFormat {
	return []trackFormat{
		{"geojson", geoJSON, "geojson", newGeoJSONTrack},
		{"gpx", "application/gpx+xml", "gpx", newGPXTrack},
		{"csv", "text/csv", "csv", newCSVTrack},
	}
}

// showTrack writes the fixes of [from, to). A device that was deleted still
// has its track, as long as that is kept.
func (s *Server) showTrack(w http.ResponseWriter, r *http.Request, _ principal) error {
	q := queryOf(r)
	format, err := chooseFormat(r, q)
	if err != nil {
		return err
	}
	subject, err := s.trackSubject(r, q)
	if err != nil {
		return err
	}
	return s.writeTrack(w, r, format, subject)
}

func chooseFormat(r *http.Request, q query) (trackFormat, error) {
	formats := trackFormats()
	if q.has("format") {
		for _, f := range formats {
			if f.name == q.text("format") {
				return f, nil
			}
		}
		return trackFormat{}, badParameter("format", "must be geojson, gpx or csv.")
	}
	var offers []string
	for _, f := range formats {
		offers = append(offers, f.media)
	}
	media, ok := negotiate(r, offers)
	for _, f := range formats {
		if ok && f.media == media {
			return f, nil
		}
	}
	return trackFormat{}, &problem{status: http.StatusNotAcceptable, detail: "Tracks come as " + strings.Join(offers, ", ") + "."}
}

func (s *Server) trackSubject(r *http.Request, q query) (t trackSubject, err error) {
	if t.id, err = tracker.ParseDeviceID(r.PathValue("id")); err != nil {
		return t, noDevice()
	}
	now := s.fleet.Clock().Now()
	// Fixes are believed up to MaxAhead before their time.
	if t.to, err = q.instant("to", now.Add(tracker.MaxAhead)); err != nil {
		return t, err
	}
	since := now
	if q.has("to") {
		since = t.to
	}
	if t.from, err = q.instant("from", since.Add(-defaultTrack)); err != nil {
		return t, err
	}
	if t.from.After(t.to) {
		return t, badParameter("from", "must not be after to.")
	}
	if err := t.keptSince(s.fleet.TracksSince(), q.has("from")); err != nil {
		return t, err
	}
	t.name = string(t.id)
	d, known := s.fleet.Device(t.id)
	if d.Name != "" {
		t.name = d.Name
	}
	if !known && !s.hasTrack(t.id) {
		return t, noDevice()
	}
	return t, nil
}

func (s *Server) hasTrack(id tracker.DeviceID) (any bool) {
	err := s.fleet.Track(id, time.Unix(firstSecond, 0), time.Unix(lastSecond, 0), func(tracker.TrackPoint) bool {
		any = true
		return false
	})
	return any && err == nil
}

func (s *Server) writeTrack(w http.ResponseWriter, r *http.Request, format trackFormat, subject trackSubject) error {
	h := w.Header()
	h.Set("Content-Type", format.media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": subject.fileName(format)}))
	h.Add("Vary", "Accept, Accept-Encoding")
	out, finish := trackOutput(w, r)
	t := format.writer(out)
	if err := t.begin(subject); err != nil {
		return fmt.Errorf("begin track: %w", err)
	}
	var failed error
	err := s.fleet.Track(subject.id, subject.from, subject.to, func(p tracker.TrackPoint) bool {
		failed = t.point(p)
		return failed == nil
	})
	if err != nil {
		return err
	}
	if failed != nil {
		return fmt.Errorf("write track: %w", failed)
	}
	if err := t.end(); err != nil {
		return fmt.Errorf("end track: %w", err)
	}
	return finish()
}

// fileName has only what every file system takes.
func (t trackSubject) fileName(format trackFormat) string {
	id := strings.ReplaceAll(string(t.id), ":", "-")
	return fmt.Sprintf("%s-%s.%s", id, t.from.UTC().Format("20060102T150405Z"), format.extension)
}

// trackOutput buffers, compresses where the client likes that, and lets the
// answer take as long as the client keeps reading. finish must be called to
// write the rest.
func trackOutput(w http.ResponseWriter, r *http.Request) (out io.Writer, finish func() error) {
	buffer := bufio.NewWriterSize(patientWriter{w, http.NewResponseController(w)}, trackBuffer)
	if !acceptsGzip(r) {
		return buffer, buffer.Flush
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(buffer)
	return z, func() error {
		if err := z.Close(); err != nil {
			return err
		}
		return buffer.Flush()
	}
}

// patientWriter gives every write the whole answerTimeout.
type patientWriter struct {
	w       io.Writer
	control *http.ResponseController
}

func (p patientWriter) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, err
	}
	n, err := p.w.Write(b)
	if err != nil {
		err = fmt.Errorf("%w: %w", errClientGone, err)
	}
	return n, err
}
