package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"wayguard/geofence"
)

// simErrors are the errors on both axes of a receiver that stands still for so
// many seconds, and how often they were within the reported accuracy.
func simErrors(seed uint64, enclosure float64, seconds int) (east, north []float64, covered float64) {
	r := newSimReceiver(rand.New(rand.NewPCG(seed, 0)))
	r.enclosure = enclosure
	truth := simTruth{at: townVec{120, -80}, dir: townVec{1, 0}, enclosure: enclosure}
	within := 0
	for range seconds {
		fix := r.fix(truth, time.Second)
		off := townOf(fix.Point).minus(truth.at)
		east, north = append(east, off.X), append(north, off.Y)
		if off.length() <= float64(fix.AccuracyMeters) {
			within++
		}
	}
	return east, north, float64(within) / float64(seconds)
}

// simCovariance of x with itself so many samples later, around 0: the model has
// no bias.
func simCovariance(x []float64, lag int) float64 {
	sum := 0.0
	for i := lag; i < len(x); i++ {
		sum += x[i] * x[i-lag]
	}
	return sum / float64(len(x)-lag)
}

// TestSimErrorsFollowTheModel estimates the standard deviation and the
// covariance at several lags from five days of fixes and compares with what the
// constants say. Five days are 3,600 times the longest correlation time of both
// parts, which leaves estimates of a variance off by about 2.4 %.
func TestSimErrorsFollowTheModel(t *testing.T) {
	const seed, tolerance = 11, 0.08
	for _, enclosure := range []float64{0, 0.45, 1} {
		east, north, covered := simErrors(seed, enclosure, 5*24*3600)
		wall := enclosure * simWallSigma
		total := simOpenSigma*simOpenSigma + wall*wall + simWhiteSigma*simWhiteSigma
		for axis, x := range [2][]float64{east, north} {
			if got := simCovariance(x, 0); math.Abs(got/total-1) > tolerance {
				t.Errorf("seed %d, enclosure %v, axis %d: variance %.2f m², want %.2f", seed, enclosure, axis, got, total)
			}
			for _, lag := range []time.Duration{time.Second, simWallTau, simOpenTau} {
				want := simOpenSigma*simOpenSigma*math.Exp(-lag.Seconds()/simOpenTau.Seconds()) +
					wall*wall*math.Exp(-lag.Seconds()/simWallTau.Seconds())
				got := simCovariance(x, int(lag.Seconds()))
				if math.Abs(got-want) > tolerance*total {
					t.Errorf("seed %d, enclosure %v, axis %d: covariance after %v is %.2f m², want %.2f",
						seed, enclosure, axis, lag, got, want)
				}
			}
		}
		if math.Abs(covered-0.68) > 0.015 {
			t.Errorf("seed %d, enclosure %v: %.1f %% of fixes within their accuracy, want 68 %%", seed, enclosure, 100*covered)
		}
	}
}

// TestSimDriftDoesNotMindSteps: an hour in one step is as random as in many.
func TestSimDriftDoesNotMindSteps(t *testing.T) {
	const seed, n = 12, 20_000
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, step := range []time.Duration{100 * time.Millisecond, 20 * time.Second, time.Hour} {
		sum := 0.0
		for range n {
			d := simDrift{rng.NormFloat64()}
			d.step(step, time.Minute, rng)
			d.step(step, time.Minute, rng)
			sum += d.x * d.x
		}
		if variance := sum / n; math.Abs(variance-1) > 0.05 {
			t.Errorf("seed %d: variance %.3f after steps of %v, want 1", seed, variance, step)
		}
	}
}

func TestSimVelocity(t *testing.T) {
	const seed = 13
	r := newSimReceiver(rand.New(rand.NewPCG(seed, 0)))
	standing := simTruth{dir: townVec{0, 1}, enclosure: 1}
	for range 1000 {
		if f := r.fix(standing, time.Second); f.Known&geofence.KnownHeading != 0 && f.SpeedMPS < simCourseSpeed {
			t.Fatalf("seed %d: a heading at %v m/s", seed, f.SpeedMPS)
		}
	}
	// South-east at 10 m/s.
	driving := simTruth{dir: townVec{1, -1}.unit(), speed: 10}
	var speed, heading float64
	const n = 5000
	for range n {
		driving.at = driving.at.plus(driving.dir.times(driving.speed))
		f := r.fix(driving, time.Second)
		if f.Known&geofence.KnownHeading == 0 {
			t.Fatalf("seed %d: no heading at 10 m/s", seed)
		}
		speed += math.Pow(float64(f.SpeedMPS)-10, 2)
		heading += math.Pow(float64(f.HeadingDegrees)-135, 2)
	}
	// After the first seconds the street is open.
	if s := math.Sqrt(speed / n); s > 1.3*simDopplerSigma {
		t.Errorf("seed %d: speed is off by %.3f m/s", seed, s)
	}
	if h := math.Sqrt(heading / n); h > 1.3*simDopplerSigma/10*180/math.Pi {
		t.Errorf("seed %d: heading is off by %.2f degrees", seed, h)
	}
}

func TestSimCompass(t *testing.T) {
	for v, want := range map[townVec]float64{{0, 1}: 0, {1, 0}: 90, {0, -1}: 180, {-1, 0}: 270, {-1, 1}: 315} {
		if got := simCompass(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: %v degrees, want %v", v, got, want)
		}
	}
}
