package geofence

import (
	"math"
	"math/big"
	"strconv"

	"github.com/paulmach/orb"
)

// turnError is 8 times the unit roundoff of a float64. A coordinate is off
// from the decimal that it stands for by at most 1 unit of its size, and so is
// each difference and product from its exact value; the rest is for terms of
// higher order.
const turnError = 8 * 0x1p-53

// turn is the side of the directed line from a to b on which c lies: +1 left,
// -1 right, 0 exactly on it.
//
// It is exact for all finite coordinates in the sense of those who wrote them:
// a coordinate stands for the shortest decimal that reads as that float64, so
// that 0.95,0.05 lies on the line from 1,0 to 0,1, which the nearest binary
// fractions do not. This keeps the order of coordinates, hence everything that
// follows from order and turns is consistent. Nearly always floating point
// decides, by an error bound in the manner of J. R. Shewchuk, "Adaptive
// Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates",
// 1997.
func turn(a, b, c orb.Point) int {
	ax, ay := math.Abs(a[0]-c[0]), math.Abs(a[1]-c[1])
	bx, by := math.Abs(b[0]-c[0]), math.Abs(b[1]-c[1])
	cx, cy := math.Abs(c[0]), math.Abs(c[1])
	det := float64((a[0]-c[0])*(b[1]-c[1])) - float64((a[1]-c[1])*(b[0]-c[0]))
	bound := turnError*((math.Abs(a[0])+cx)*by+(math.Abs(b[1])+cy)*ax+(math.Abs(a[1])+cy)*bx+(math.Abs(b[0])+cx)*ay) + underflow
	switch {
	case det > bound:
		return 1
	case -det > bound:
		return -1
	case ax == 0 && bx == 0, ay == 0 && by == 0, ax == 0 && ay == 0, bx == 0 && by == 0:
		return 0
	}
	return turnExact(a, b, c)
}

// underflow is more than what products lose that are too small for a float64.
const underflow = 0x1p-1000

// turnExact is turn in rational arithmetic.
func turnExact(a, b, c orb.Point) int {
	left := new(big.Rat).Mul(difference(a[0], c[0]), difference(b[1], c[1]))
	right := new(big.Rat).Mul(difference(a[1], c[1]), difference(b[0], c[0]))
	return left.Cmp(right)
}

func difference(x, y float64) *big.Rat {
	return new(big.Rat).Sub(decimal(x), decimal(y))
}

// decimal is the shortest decimal that reads as x, exactly. Validate and Step
// let only finite numbers in; anything else is taken for 0.
func decimal(x float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'g', -1, 64))
	if !ok {
		return new(big.Rat)
	}
	return r
}
