package teltonika

import (
	"reflect"
	"testing"

	firmware "wayguard/firmware-protocol"
)

// Ignition and battery are told where they change, and only where their value
// can be one.
func TestReadings(t *testing.T) {
	element := func(id uint16, value ...byte) Element { return Element{ID: id, Value: value} }
	records := []Record{
		{Time: 1000, Elements: []Element{element(239, 1), element(67, 0x0F, 0x3C), element(113, 87)}},
		{Time: 2000, Elements: []Element{element(239, 1), element(113, 87)}},
		{Time: 3000, Elements: []Element{element(239, 0), element(113, 101)}},
		{Time: 4000, Elements: []Element{element(239, 2), element(113, 0, 5), {ID: 239, Variable: true, Value: []byte{1}}}},
		{Time: 1 << 63, Elements: []Element{element(113, 86)}},
	}
	want := []firmware.Reading{
		{Kind: firmware.Ignition, Time: 1000, Value: 1},
		{Kind: firmware.Battery, Time: 1000, Value: 87, More: 3900},
		{Kind: firmware.Ignition, Time: 3000},
		{Kind: firmware.Battery, Time: latest, Value: 86},
	}
	got := readings(records)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for i := range got {
		if err := got[i].Check(); err != nil {
			t.Error(err)
		}
	}
}
