package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wayguard/geofence"
)

// readDevices takes a list of objects with an id and what there is to say of
// that device.
func (p *plan) readDevices(raw json.RawMessage) error {
	var list []properties
	if json.Unmarshal(raw, &list) != nil {
		return errors.New("must be a list of JSON objects")
	}
	seen := make(map[geofence.DeviceID]bool, len(list))
	for i, given := range list {
		d, err := given.ofDevice()
		if err == nil && seen[d.ID] {
			err = fmt.Errorf("there are two of id %q", d.ID)
		}
		if err != nil {
			return fmt.Errorf("number %d: %w", i+1, err)
		}
		seen[d.ID] = true
		p.devices = append(p.devices, d)
	}
	return nil
}

func (p properties) ofDevice() (d geofence.Device, err error) {
	if err := p.only("id", "carrier", "destination", "max_speed_mps", "silent_after_s", "handover_m"); err != nil {
		return d, err
	}
	var id, carrier, destination string
	for name, text := range map[string]*string{"id": &id, "carrier": &carrier, "destination": &destination} {
		if *text, _, err = p.text(name); err != nil {
			return d, err
		}
	}
	if id == "" {
		return d, errors.New("no id: it names the device as traces do")
	}
	if carrier == id {
		return d, errors.New("a device cannot carry itself")
	}
	if destination != "" && carrier == "" {
		return d, errors.New("a destination, a stop of the carrier's, needs a carrier")
	}
	d.ID, d.Carrier, d.Destination = geofence.DeviceID(id), geofence.DeviceID(carrier), geofence.StopID(destination)
	if d.MaxSpeedMPS, _, err = p.positive("max_speed_mps"); err != nil {
		return d, err
	}
	if d.HandoverMeters, _, err = p.positive("handover_m"); err != nil {
		return d, err
	}
	d.SilentAfter, err = p.seconds("silent_after_s")
	return d, err
}

// only refuses members of other names.
func (p properties) only(names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("unknown member %.60q: there are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// readBreaks takes a list of objects with from and to.
func (p *plan) readBreaks(raw json.RawMessage) error {
	var list []properties
	if json.Unmarshal(raw, &list) != nil {
		return errors.New(`must be a list of JSON objects with "from" and "to"`)
	}
	for i, given := range list {
		b, err := given.ofBreak()
		if err != nil {
			return fmt.Errorf("number %d: %w", i+1, err)
		}
		p.breaks = append(p.breaks, b)
	}
	return nil
}

func (p properties) ofBreak() (b geofence.Break, err error) {
	if err := p.only("from", "to"); err != nil {
		return b, err
	}
	if b.From, err = p.instant("from"); err != nil {
		return b, err
	}
	if b.To, err = p.instant("to"); err != nil {
		return b, err
	}
	if b.From == 0 || b.To <= b.From {
		return b, errors.New(`a break needs "from" and a later "to"`)
	}
	return b, nil
}
