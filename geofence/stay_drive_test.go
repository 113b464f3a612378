package geofence

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
)

// stopAndGo is the true way of a vehicle: where it is, east and north of origin in
// metres, at each second from start on.
type stopAndGo struct {
	origin orb.Point
	start  Millis
	places [][2]float64
}

func newRide() *stopAndGo {
	return &stopAndGo{origin: orb.Point{11.5, 48.1}, start: 1_700_000_000_000, places: [][2]float64{{0, 0}}}
}

// now is how long the ride has lasted.
func (r *stopAndGo) now() Millis { return r.start + Millis(len(r.places)-1)*1000 }

func (r *stopAndGo) place() [2]float64 { return r.places[len(r.places)-1] }

// point is where the vehicle is.
func (r *stopAndGo) point() orb.Point {
	p := r.place()
	return shifted(newSpot(r.origin), p[0], p[1])
}

// stand stands for so many seconds.
func (r *stopAndGo) stand(seconds int) interval {
	from := r.now()
	for range seconds {
		r.places = append(r.places, r.place())
	}
	return interval{from, r.now()}
}

// drive goes meters in a direction, in degrees from north, at most at speed in
// m/s, at 1.5 m/s² up and 2 m/s² down.
func (r *stopAndGo) drive(meters, bearing, speed float64) {
	east, north := math.Sin(bearing*radians), math.Cos(bearing*radians)
	v, from, gone := 0.0, r.place(), 0.0
	for gone < meters {
		v = min(speed, v+1.5, max(0.5, math.Sqrt(4*(meters-gone))))
		gone = min(meters, gone+v)
		r.places = append(r.places, [2]float64{from[0] + gone*east, from[1] + gone*north})
	}
}

// stroll walks about within meters for so many seconds, and comes back.
func (r *stopAndGo) stroll(random *rand.Rand, meters float64, seconds int) {
	home := r.place()
	for end := len(r.places) + seconds; len(r.places) < end; {
		angle, far := random.Float64()*2*math.Pi, meters*random.Float64()
		r.walk(home[0]+far*math.Cos(angle), home[1]+far*math.Sin(angle))
	}
	r.walk(home[0], home[1])
}

// walk goes straight to a place at 1.3 m/s.
func (r *stopAndGo) walk(east, north float64) {
	from := r.place()
	length := math.Hypot(east-from[0], north-from[1])
	for gone := 0.0; gone < length; {
		gone = min(gone+1.3, length)
		r.places = append(r.places, [2]float64{from[0] + gone/length*(east-from[0]), from[1] + gone/length*(north-from[1])})
	}
}

// receiver is a model of positioning: an error that keeps for about tau, and a
// white one of a tenth of it, together with the accuracy that is claimed.
type receiver struct {
	accuracy float64 // metres, 68 %
	tau      time.Duration
	every    time.Duration // between fixes
}

// record is what the receiver says of the ride.
func (c receiver) record(random *rand.Rand, r *stopAndGo) []Fix {
	var fixes []Fix
	sigma := c.accuracy / 1.51
	keep := math.Exp(-1 / c.tau.Seconds())
	slow := [2]float64{sigma * random.NormFloat64(), sigma * random.NormFloat64()}
	origin := newSpot(r.origin)
	every := int(c.every.Seconds())
	phase := random.IntN(every)
	for second, p := range r.places {
		var error [2]float64
		for i := range slow {
			slow[i] = keep*slow[i] + math.Sqrt(1-keep*keep)*sigma*random.NormFloat64()
			error[i] = slow[i] + sigma/10*random.NormFloat64()
		}
		if second%every != phase {
			continue
		}
		fixes = append(fixes, Fix{
			Time:  r.start + Millis(second)*1000,
			Point: shifted(origin, p[0]+error[0], p[1]+error[1]), AccuracyMeters: float32(c.accuracy), Known: KnownAccuracy,
		})
	}
	return fixes
}

// visit drives straight to a place, east and north of origin in metres, and
// stands there for so many seconds.
func (r *stopAndGo) visit(east, north float64, seconds int) interval {
	p := r.place()
	dx, dy := east-p[0], north-p[1]
	r.drive(math.Hypot(dx, dy), math.Atan2(dx, dy)/radians, 10)
	return r.stand(seconds)
}

// exact is what a receiver without errors says, once in so many seconds.
func (r *stopAndGo) exact(every int) []Fix {
	c := receiver{accuracy: 0.01, tau: time.Minute, every: time.Duration(every) * time.Second}
	return c.record(rand.New(rand.NewPCG(1, 1)), r)
}
