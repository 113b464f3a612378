package tracker

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-polyline"
)

// ParsePolyline reads a line in Google's encoded polyline format, whose
// coordinates, latitude first there, have so many decimals: 5, or 6 as routers
// write it.
func ParsePolyline(text string, decimals int) (orb.LineString, error) {
	if decimals != 5 && decimals != 6 {
		return nil, fmt.Errorf("the precision is %d, it must be 5 or 6", decimals)
	}
	flat, _, err := polyline.Codec{Dim: 2, Scale: math.Pow10(decimals)}.DecodeFlatCoords(nil, []byte(text))
	if err != nil {
		return nil, errors.New("it is no encoded polyline")
	}
	line := make(orb.LineString, len(flat)/2)
	for i := range line {
		line[i] = orb.Point{flat[2*i+1], flat[2*i]}
		if !onEarth(line[i]) {
			return nil, fmt.Errorf("position %d is not on the earth: is its precision %d?", i+1, 11-decimals)
		}
	}
	return line, nil
}
