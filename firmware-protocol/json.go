package firmware

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/go-json-experiment/json"
)

// jsonReport is a report as JSON; see the package comment.
type jsonReport struct {
	Form     int           `json:"wg"`
	Boot     *uint32       `json:"boot"`
	Sequence uint32        `json:"sequence"`
	Time     Millis        `json:"time,omitzero"`
	Fixes    []jsonFix     `json:"fixes,omitempty"`
	Applied  *jsonApplied  `json:"applied,omitempty"`
	Firmware string        `json:"firmware,omitzero"`
	Readings []jsonReading `json:"readings,omitempty"`
}

type jsonFix struct {
	Time     *Millis  `json:"time"`
	Lat      *float64 `json:"lat"`
	Lon      *float64 `json:"lon"`
	Accuracy *float64 `json:"accuracy_m,omitempty"`
	Speed    *float64 `json:"speed_mps,omitempty"`
	Heading  *float64 `json:"heading_deg,omitempty"`
	Altitude *float64 `json:"altitude_m,omitempty"`
	Mocked   bool     `json:"mocked,omitzero"`
	Jammed   bool     `json:"jammed,omitzero"`
}

type jsonApplied struct {
	Version uint32 `json:"version"`
	Outcome string `json:"outcome"`
}

// The units of numbers with a fraction, each of its unit in the binary form.
const (
	perDegree    = 1e7
	perMeter     = 10
	perCelsius   = 100
	perGravities = 1000
)

var outcomes = [...]string{InForce: "in_force", Refused: "refused", Fetching: "fetching", Failed: "failed"}

// MarshalJSON writes r as the package comment describes. Errors: ErrValue.
func (r Report) MarshalJSON() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	out := jsonReport{Form: Version, Boot: &r.Boot, Sequence: r.Sequence, Time: r.Time, Firmware: r.Firmware}
	for i := range r.Fixes {
		out.Fixes = append(out.Fixes, r.Fixes[i].json())
	}
	if r.Applied != (Applied{}) {
		out.Applied = &jsonApplied{r.Applied.Version, outcomes[r.Applied.Outcome]}
	}
	for i := range r.Readings {
		out.Readings = append(out.Readings, r.Readings[i].json())
	}
	return json.Marshal(out)
}

func (f *Fix) json() jsonFix {
	known := func(k Known, n, per float64) *float64 {
		if f.Known&k == 0 {
			return nil
		}
		return new(n / per)
	}
	return jsonFix{
		Time: &f.Time, Lat: new(float64(f.Lat) / perDegree), Lon: new(float64(f.Lon) / perDegree),
		Accuracy: known(KnownAccuracy, float64(f.Accuracy), perMeter),
		Speed:    known(KnownSpeed, float64(f.Speed), perMeter),
		Heading:  known(KnownHeading, float64(f.Heading), 1),
		Altitude: known(KnownAltitude, float64(f.Altitude), perMeter),
		Mocked:   f.Flags&Mocked != 0, Jammed: f.Flags&Jammed != 0,
	}
}

// UnmarshalJSON reads what a device, or MarshalJSON, wrote. On an error r stays
// as it was. Errors: ErrVersion, ErrFrame.
func (r *Report) UnmarshalJSON(payload []byte) error {
	var in jsonReport
	if err := unmarshal(payload, &in, &in.Form); err != nil {
		return err
	}
	if in.Boot == nil || len(in.Fixes) > MaxFixes || len(in.Readings) > MaxReadings {
		return fmt.Errorf("%w: there is no boot, or there are too many fixes or readings", ErrFrame)
	}
	made := Report{Boot: *in.Boot, Sequence: in.Sequence, Time: in.Time, Firmware: in.Firmware}
	var n numbers
	for i := range in.Fixes {
		made.Fixes = append(made.Fixes, in.Fixes[i].fix(&n))
	}
	if in.Applied != nil {
		at := slices.Index(outcomes[:], in.Applied.Outcome)
		n.bad = n.bad || at < 0 || in.Applied.Version == 0
		made.Applied = Applied{in.Applied.Version, Outcome(max(at, 0))}
	}
	for i := range in.Readings {
		made.Readings = append(made.Readings, in.Readings[i].reading(&n))
	}
	if n.bad {
		return fmt.Errorf("%w: something is missing or out of range", ErrFrame)
	}
	slices.SortStableFunc(made.Fixes, func(a, b Fix) int { return cmp.Compare(a.Time, b.Time) })
	slices.SortStableFunc(made.Readings, func(a, b Reading) int { return cmp.Compare(a.Kind, b.Kind) })
	if err := made.check(); err != nil {
		return fmt.Errorf("%w: out of range", ErrFrame)
	}
	*r = made
	return nil
}

// unmarshal reads payload into what form is the version of.
func unmarshal(payload []byte, into any, form *int) error {
	if len(payload) > MaxFrame {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, len(payload), MaxFrame)
	}
	if err := json.Unmarshal(payload, into); err != nil {
		// The library's own text quotes what it found.
		if wrong := (*json.SemanticError)(nil); errors.As(err, &wrong) {
			return fmt.Errorf("%w: a wrong type or range at %s", ErrFrame, wrong.JSONPointer)
		}
		return fmt.Errorf("%w: not JSON, or a name stands twice", ErrFrame)
	}
	if *form != Version {
		return fmt.Errorf("%w: wg is %d, want %d", ErrVersion, *form, Version)
	}
	return nil
}

func (j *jsonFix) fix(n *numbers) Fix {
	f := Fix{
		Lat: int32(n.need(j.Lat, perDegree, math.MinInt32, math.MaxInt32)),
		Lon: int32(n.need(j.Lon, perDegree, math.MinInt32, math.MaxInt32)),
	}
	if j.Time == nil {
		n.bad = true
		return f
	}
	f.Time = *j.Time
	known := func(k Known, given *float64, per, least, most float64) int64 {
		if given == nil {
			return 0
		}
		f.Known |= k
		return n.need(given, per, least, most)
	}
	f.Accuracy = uint32(known(KnownAccuracy, j.Accuracy, perMeter, 0, MaxAccuracy))
	f.Speed = uint32(known(KnownSpeed, j.Speed, perMeter, 0, MaxSpeed))
	f.Heading = uint16(known(KnownHeading, j.Heading, 1, 0, 360) % 360)
	f.Altitude = int32(known(KnownAltitude, j.Altitude, perMeter, MinAltitude, MaxAltitude))
	if j.Mocked {
		f.Flags |= Mocked
	}
	if j.Jammed {
		f.Flags |= Jammed
	}
	return f
}

// numbers turns JSON's numbers into whole ones.
type numbers struct{ bad bool }

// need is given in units of which there are so many in one of its own, the
// nearest, from least to most.
func (n *numbers) need(given *float64, per, least, most float64) int64 {
	if given == nil {
		n.bad = true
		return 0
	}
	v := math.Round(*given * per)
	if v < least || v > most {
		n.bad = true
		return 0
	}
	return int64(v)
}
