package teltonika

import (
	"encoding/binary"

	firmware "wayguard/firmware-protocol"
)

// Elements that mean the same on all models that have them
// (https://wiki.teltonika-gps.com/view/FMB020_Teltonika_Data_Sending_Parameters_ID).
const (
	elementIgnition       = 239 // 1 byte: 0 off, 1 on
	elementBatteryLevel   = 113 // 1 byte: percent
	elementBatteryVoltage = 67  // 2 bytes: millivolts
)

// readings are what records say of ignition and battery: where that changes, for
// boxes repeat it in each record.
func readings(records []Record) (found []firmware.Reading) {
	last := make(map[firmware.Kind]firmware.Reading)
	for i := range records {
		r := &records[i]
		for _, x := range r.readings() {
			x.Time = firmware.Millis(min(r.Time, latest))
			before, known := last[x.Kind]
			if !known || before.Value != x.Value {
				found = append(found, x)
			}
			last[x.Kind] = x
		}
	}
	return found
}

func (r *Record) readings() (found []firmware.Reading) {
	if on, ok := r.number(elementIgnition, 1); ok && on <= 1 {
		found = append(found, firmware.Reading{Kind: firmware.Ignition, Value: on})
	}
	if percent, ok := r.number(elementBatteryLevel, 1); ok && percent <= 100 {
		millivolts, _ := r.number(elementBatteryVoltage, 2)
		found = append(found, firmware.Reading{Kind: firmware.Battery, Value: percent, More: millivolts})
	}
	return found
}

// number is the value of an element of so many bytes, at most 2.
func (r *Record) number(id uint16, bytes int) (value int64, ok bool) {
	for _, e := range r.Elements {
		if e.ID != id || e.Variable || len(e.Value) != bytes {
			continue
		}
		if bytes == 1 {
			return int64(e.Value[0]), true
		}
		return int64(binary.BigEndian.Uint16(e.Value)), true
	}
	return 0, false
}
