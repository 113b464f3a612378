package warning

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// draw adds the polygons and circles of an area to a zone.
func (a *area) draw(z *tracker.HazardZone) error {
	z.Area = line(a.Description)
	for _, text := range a.Polygons {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if err := addPolygon(z, text); err != nil {
			return fmt.Errorf("polygon: %w", err)
		}
	}
	for _, text := range a.Circles {
		if strings.TrimSpace(text) == "" {
			continue
		}
		c, err := circle(text)
		if err != nil {
			return fmt.Errorf("circle: %w", err)
		}
		if c.RadiusMeters > 0 {
			z.Circles = append(z.Circles, c)
		}
	}
	return nil
}

// addPolygon reads pairs of latitude and longitude, of which the last is the
// first one.
func addPolygon(z *tracker.HazardZone, text string) error {
	pairs := strings.Fields(text)
	ring := make([][2]float64, len(pairs))
	for i, pair := range pairs {
		p, err := position(pair)
		if err != nil {
			return err
		}
		ring[i] = p
	}
	if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
		return errors.New("it must have four pairs or more, of which the last is the first one again")
	}
	z.AddPolygon(ring)
	return nil
}

// circle reads a pair and a radius in kilometres.
func circle(text string) (c tracker.HazardCircle, err error) {
	parts := strings.Fields(text)
	if len(parts) != 2 {
		return c, fmt.Errorf("it must be a pair and a radius, such as 38.4,-121.0 2.5, not %.60q", text)
	}
	p, err := position(parts[0])
	if err != nil {
		return c, err
	}
	km, err := strconv.ParseFloat(parts[1], 64)
	if err != nil || !(km >= 0) || math.IsInf(km, 0) {
		return c, fmt.Errorf("the radius must be a number of kilometres, not %.40q", parts[1])
	}
	return tracker.HazardCircle{Center: p, RadiusMeters: km * 1000}, nil
}

// position reads "latitude,longitude" as longitude and latitude.
func position(pair string) (p [2]float64, err error) {
	lat, lon, ok := strings.Cut(pair, ",")
	p[1], err = strconv.ParseFloat(lat, 64)
	if err == nil {
		p[0], err = strconv.ParseFloat(lon, 64)
	}
	if !ok || err != nil || !(math.Abs(p[0]) <= 180) || !(math.Abs(p[1]) <= 90) {
		return p, fmt.Errorf("%.60q is no latitude and longitude in degrees", pair)
	}
	return p, nil
}
