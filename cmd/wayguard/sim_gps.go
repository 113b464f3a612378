package main

import (
	"math"
	"math/rand/v2"
	"time"

	"wayguard/geofence"
)

// The error of a simulated receiver, on each horizontal axis, is the sum of
// three independent parts:
//
//   - a slow one, for satellites, ionosphere and geometry: an
//     Ornstein-Uhlenbeck process (first-order Gauss-Markov) of simOpenSigma
//     and simOpenTau;
//   - in narrow streets a larger and quicker one, for reflections off walls:
//     the same with simWallSigma and simWallTau, faded in and out by how
//     enclosed the street is;
//   - a small one without memory, simWhiteSigma.
//
// That the errors of single-frequency receivers are such a process and not
// white noise: "Comparison of Enhanced Noise Model Performance Based on Analysis
// of Civilian GPS Data", Sensors 2020, 20(21), 6050. Its size: u-blox gives a
// circular error probable of 2.5 m for its M8 on GPS alone, 2.1 m an axis (CEP
// is 1.1774 sigma); 4.9 m for 95 % of fixes under open sky, as GPS.gov says of
// phones, is 2.0 m. Its time: D. L. Wilson's autocorrelation of a Garmin 12XL
// bends at about a minute ("Correlation of Errors").
//
// In towns phones are 7 to 13 m off on average (Merry and Bettinger, "Smartphone
// GPS accuracy study in an urban environment", PLOS ONE 2019); with simWallSigma
// it is 6.8 m in the narrowest streets. Integrity analyses take 10 s for the
// shortest correlation time of reflections at a standstill; a van drives out of
// one reflection into the next.
const (
	simOpenSigma  = 2.0 // metres
	simOpenTau    = 60 * time.Second
	simWallSigma  = 5.0
	simWallTau    = 15 * time.Second
	simWhiteSigma = 0.3
	// simFadeTau is how quickly a receiver notices that the street has become
	// wider or narrower.
	simFadeTau = 6 * time.Second

	// Velocity comes from Doppler shifts, not from differences of positions,
	// and is far less noisy: u-blox gives 0.05 m/s (50 %), which is 0.04 m/s an
	// axis; reflections multiply it.
	simDopplerSigma     = 0.04
	simDopplerWallSigma = 0.25
	// Below simCourseSpeed the direction of so noisy a velocity means nothing
	// and is not reported. Receivers freeze it: u-blox's at 0.1 m/s and
	// whenever the velocity is not accurate enough.
	simCourseSpeed = 0.5

	// Heights are about half as good again as positions.
	simHeightSigma = 3.2
	simHeightTau   = 90 * time.Second
)

// simRadius68 times the standard deviation of one axis is the radius that holds
// 68 % of a circular normal distribution: sqrt(-2 ln 0.32).
const simRadius68 = 1.5095921854516636

// simDrift is an Ornstein-Uhlenbeck process of standard deviation 1.
type simDrift struct{ x float64 }

// step moves the process by dt, exactly: no matter in how many steps.
func (d *simDrift) step(dt, tau time.Duration, rng *rand.Rand) {
	keep := math.Exp(-dt.Seconds() / tau.Seconds())
	d.x = keep*d.x + math.Sqrt(1-keep*keep)*rng.NormFloat64()
}

// simReceiver turns where a van is into what its receiver says.
type simReceiver struct {
	rng        *rand.Rand
	open, wall [2]simDrift
	height     simDrift
	// enclosure is how much of simWallSigma is felt, from 0 to 1.
	enclosure float64
}

// newSimReceiver has been running for long.
func newSimReceiver(rng *rand.Rand) *simReceiver {
	r := &simReceiver{rng: rng}
	for axis := range 2 {
		r.open[axis].x, r.wall[axis].x = rng.NormFloat64(), rng.NormFloat64()
	}
	r.height.x = rng.NormFloat64()
	return r
}

// simTruth is where a van really is.
type simTruth struct {
	at    townVec
	speed float64 // m/s
	// dir is the direction it faces, of length 1.
	dir townVec
	// enclosure of the street, from 0 to 1.
	enclosure float64
	height    float64
}

// fix is what the receiver says dt after the last time it was asked. Its Time
// is zero.
func (r *simReceiver) fix(truth simTruth, dt time.Duration) geofence.Fix {
	r.step(truth.enclosure, dt)
	velocity := truth.dir.times(truth.speed).plus(r.noise(simDopplerSigma + r.enclosure*simDopplerWallSigma))
	f := geofence.Fix{
		Point:          truth.at.plus(r.offset()).lonLat(),
		AccuracyMeters: float32(simRadius68 * r.sigma()),
		SpeedMPS:       float32(velocity.length()),
		AltitudeMeters: float32(truth.height + simHeightSigma*r.height.x),
		Known:          geofence.KnownAccuracy | geofence.KnownSpeed | geofence.KnownAltitude,
	}
	if velocity.length() >= simCourseSpeed {
		f.HeadingDegrees = float32(simCompass(velocity))
		f.Known |= geofence.KnownHeading
	}
	return f
}

func (r *simReceiver) step(enclosure float64, dt time.Duration) {
	for axis := range 2 {
		r.open[axis].step(dt, simOpenTau, r.rng)
		r.wall[axis].step(dt, simWallTau, r.rng)
	}
	r.height.step(dt, simHeightTau, r.rng)
	r.enclosure += (enclosure - r.enclosure) * (1 - math.Exp(-dt.Seconds()/simFadeTau.Seconds()))
}

// offset is the error of the position.
func (r *simReceiver) offset() townVec {
	slow := townVec{r.open[0].x, r.open[1].x}.times(simOpenSigma)
	walls := townVec{r.wall[0].x, r.wall[1].x}.times(r.enclosure * simWallSigma)
	return slow.plus(walls).plus(r.noise(simWhiteSigma))
}

// sigma is the standard deviation of offset on one axis.
func (r *simReceiver) sigma() float64 {
	wall := r.enclosure * simWallSigma
	return math.Sqrt(simOpenSigma*simOpenSigma + wall*wall + simWhiteSigma*simWhiteSigma)
}

func (r *simReceiver) noise(sigma float64) townVec {
	return townVec{sigma * r.rng.NormFloat64(), sigma * r.rng.NormFloat64()}
}

// simCompass is the direction of v in degrees clockwise from north.
func simCompass(v townVec) float64 {
	return math.Mod(450-v.angle()*180/math.Pi, 360)
}
