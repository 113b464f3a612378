package tracker

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"

	"wayguard/geofence"
)

// takeLimits reads the band of altitudes and the thresholds of a fence and
// returns the other properties. Whether they make sense is for
// geofence.Fence.Validate to say.
func takeLimits(f *geofence.Fence, properties members) (rest members, err error) {
	banded := false
	band := geofence.Band{FloorMeters: math.Inf(-1), CeilingMeters: math.Inf(1)}
	ends := map[string]*float64{"floor_m": &band.FloorMeters, "ceiling_m": &band.CeilingMeters}
	if f.Hazard {
		ends["speed_share"] = &f.Peril.SpeedShare
	}
	for _, e := range properties {
		end, isThreshold := ends[e.name], geofence.IsThreshold(e.name)
		if end == nil && !isThreshold || isNull(e.value) {
			rest = append(rest, e)
			continue
		}
		var value float64
		if !isNumber(e.value) || json.Unmarshal(e.value, &value) != nil {
			return nil, fmt.Errorf("properties.%s must be a number, not %.40s", e.name, e.value)
		}
		if end != nil {
			*end, banded = value, banded || e.name != "speed_share"
		} else if err := f.Thresholds.Set(e.name, value); err != nil {
			return nil, fmt.Errorf("properties: %w", err)
		}
	}
	if banded && band.FloorMeters >= band.CeilingMeters {
		return nil, fmt.Errorf("properties: %w: floor_m must be below ceiling_m", geofence.ErrBand)
	}
	if banded {
		f.Band = band
	}
	return rest, nil
}

// limits are the numbers of a fence that stand in fields of their own, by the
// names of their properties.
func limits(f *geofence.Fence) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		ok := true
		give := func(name string, value float64, given bool) { ok = ok && (!given || yield(name, value)) }
		give("radius_m", f.RadiusMeters, f.RadiusMeters > 0)
		give("corridor_m", f.CorridorMeters, f.CorridorMeters > 0)
		banded := f.Band != geofence.Band{}
		give("floor_m", f.Band.FloorMeters, banded && !math.IsInf(f.Band.FloorMeters, -1))
		give("ceiling_m", f.Band.CeilingMeters, banded && !math.IsInf(f.Band.CeilingMeters, 1))
		give("speed_share", f.Peril.SpeedShare, f.Peril.SpeedShare > 0)
		for name, value := range f.Thresholds.Given {
			give(name, value, true)
		}
	}
}
