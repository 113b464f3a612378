package geofence

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/paulmach/orb"
)

// Limits of a fence.
const (
	// MaxIDBytes is the longest id.
	MaxIDBytes = 256
	// MaxVertices is the most positions of all rings of a fence together.
	MaxVertices = 100_000
	// MaxRadiusMeters is the largest circle.
	MaxRadiusMeters = 1_000_000
	// MinDwell and MaxDwell bound a fence's Dwell: devices report no more often
	// than each second, and a visit of a year is a mistake in the unit.
	MinDwell = time.Second
	MaxDwell = 365 * 24 * time.Hour
)

// Each error of Validate, NewWorld and World.With wraps one of these.
var (
	// ErrID: the id is empty or too long.
	ErrID = errors.New("bad fence id")
	// ErrDuplicate: two fences have the same id.
	ErrDuplicate = errors.New("duplicate fence id")
	// ErrEmpty: there is no polygon, or one without a ring.
	ErrEmpty = errors.New("empty fence")
	// ErrCoordinates: a number is not finite or out of range.
	ErrCoordinates = errors.New("bad coordinates")
	// ErrUnclosedRing: a ring does not end where it starts.
	ErrUnclosedRing = errors.New("unclosed ring")
	// ErrTooFew: a ring has not enough corners.
	ErrTooFew = errors.New("too few positions")
	// ErrSelfCrossing: a ring touches or crosses itself other than by having
	// the same corner twice.
	ErrSelfCrossing = errors.New("self-crossing ring")
	// ErrHole: a hole is not inside its outer ring, or crosses another ring.
	ErrHole = errors.New("bad hole")
	// ErrPole: a ring goes round a pole or reaches it, where longitude and
	// latitude cannot describe an area by its edges. A circle may.
	ErrPole = errors.New("ring around a pole")
	// ErrRadius: a radius is not a positive number of metres within the bound.
	ErrRadius = errors.New("bad radius")
	// ErrDwell: a dwell time is not within MinDwell and MaxDwell.
	ErrDwell = errors.New("bad dwell time")
	// ErrTooLarge: there are more than MaxVertices positions.
	ErrTooLarge = errors.New("fence too large")
	// ErrSettings: a setting or threshold is negative, not finite or too large.
	ErrSettings = errors.New("bad settings")
)

// Validate says what is wrong with f, nil if nothing is. The id is not looked
// at. Polygons of one fence may overlap or share edges.
func (f Fence) Validate() error {
	if err := f.checkRest(); err != nil {
		return err
	}
	if f.isCorridor() {
		_, err := f.corridor()
		return err
	}
	if len(f.Polygons) == 0 {
		return f.checkCircle()
	}
	_, err := f.checkPolygons()
	return err
}

// checkRest checks all but the id and the shape.
func (f Fence) checkRest() error {
	if err := f.checkDwell(); err != nil {
		return err
	}
	if err := f.Thresholds.check(); err != nil {
		return err
	}
	if err := f.Peril.check(); err != nil {
		return err
	}
	return f.Band.check()
}

func (f Fence) checkDwell() error {
	if f.Dwell != 0 && (f.Dwell < MinDwell || f.Dwell > MaxDwell) {
		return fmt.Errorf("%w: it is %s, give %s to %s", ErrDwell, f.Dwell, MinDwell, MaxDwell)
	}
	return nil
}

func (f Fence) checkCircle() error {
	if f.RadiusMeters == 0 && f.Center == (orb.Point{}) {
		return fmt.Errorf("%w: give at least one polygon, a center and a radius in metres, or a line and a corridor in metres", ErrEmpty)
	}
	if !(f.RadiusMeters > 0 && f.RadiusMeters <= MaxRadiusMeters) {
		return fmt.Errorf("%w: %g must be greater than 0 and at most %d metres", ErrRadius, f.RadiusMeters, MaxRadiusMeters)
	}
	return checkPosition(f.Center)
}

// checkPolygons validates the polygons and returns them unrolled.
func (f Fence) checkPolygons() ([]sheet, error) {
	if f.RadiusMeters != 0 {
		return nil, fmt.Errorf("%w: the fence has polygons; leave the radius out, or the polygons", ErrRadius)
	}
	count := 0
	for _, polygon := range f.Polygons {
		for _, r := range polygon {
			count += len(r)
		}
	}
	if count > MaxVertices {
		return nil, fmt.Errorf("%w: %d positions, at most %d are allowed; simplify it", ErrTooLarge, count, MaxVertices)
	}
	var sheets []sheet
	for i, polygon := range f.Polygons {
		s, err := checkPolygon(polygon)
		if err != nil {
			return nil, fmt.Errorf("polygon %d: %w", i+1, err)
		}
		sheets = append(sheets, s)
	}
	return sheets, nil
}

func checkPolygon(polygon orb.Polygon) (sheet, error) {
	if len(polygon) == 0 {
		return nil, fmt.Errorf("%w: it has no ring", ErrEmpty)
	}
	for i, r := range polygon {
		if err := checkRing(r); err != nil {
			return nil, fmt.Errorf("%s: %w", ringName(i), err)
		}
	}
	s, err := unroll(polygon)
	if err != nil {
		return nil, err
	}
	return s, checkCrossings(s.rings(0))
}

// ringName names a ring of a polygon by its place.
func ringName(i int) string {
	if i == 0 {
		return "outer ring"
	}
	return fmt.Sprintf("hole %d", i)
}

// checkRing looks at the positions one by one.
func checkRing(r orb.Ring) error {
	if len(r) == 0 {
		return fmt.Errorf("%w: the ring has no positions", ErrEmpty)
	}
	for i, p := range r {
		if err := checkPosition(p); err != nil {
			return fmt.Errorf("position %d: %w", i+1, err)
		}
		if math.Abs(p[1]) == 90 {
			return fmt.Errorf("position %d: %w: %s is a pole; keep away from it, or use a circle", i+1, ErrPole, lonLat(p))
		}
	}
	if r[0] != r[len(r)-1] {
		return fmt.Errorf("%w: it starts at %s and ends at %s; repeat the first position at the end",
			ErrUnclosedRing, lonLat(r[0]), lonLat(r[len(r)-1]))
	}
	if len(r) < 4 {
		return fmt.Errorf("%w: %d, a ring needs at least 4, the last equal to the first", ErrTooFew, len(r))
	}
	return nil
}

// checkPosition requires finite degrees within [-180, 180] and [-90, 90].
func checkPosition(p orb.Point) error {
	if !onGlobe(p) {
		return fmt.Errorf("%w: longitude %g must be within -180 and 180, latitude %g within -90 and 90 (in this order)", ErrCoordinates, p[0], p[1])
	}
	return nil
}

// onGlobe is false for NaN too.
func onGlobe(p orb.Point) bool {
	return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90
}

// lonLat writes a longitude that may have run on beyond 180, and a latitude,
// to 6 decimals, a tenth of a metre.
func lonLat(p orb.Point) string {
	return decimals(math.Remainder(p[0], 360)) + "," + decimals(p[1])
}

func decimals(x float64) string {
	// Adding 0 makes 0 of -0.
	return strconv.FormatFloat(math.Round(x*1e6)/1e6+0, 'f', -1, 64)
}
