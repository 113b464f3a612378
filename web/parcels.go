package web

import (
	"net/http"

	"wayguard/tracker"
)

// parcelRoutes are the usual ones of a catalog; the list can also be asked for
// the parcel with a barcode, or that a tracker is in.
func (s *Server) parcelRoutes() []route {
	parcels := s.fleet.Parcels()
	c := catalog[tracker.Parcel]{
		"parcels", parcels.Get, parcels.List, parcels.Create, parcels.Change, parcels.Remove, s.showParcel, parcelSetters,
	}
	routes := c.routes()
	list := &routes[0]
	list.takes = append(list.takes, "barcode", "device")
	list.handler = func(w http.ResponseWriter, r *http.Request, who principal) error {
		if q := queryOf(r); q.has("barcode") || q.has("device") {
			return s.findParcel(w, q, c)
		}
		return c.listAll(w, r, who)
	}
	return routes
}

// findParcel shows a page of one parcel, or of none.
func (s *Server) findParcel(w http.ResponseWriter, q query, c catalog[tracker.Parcel]) error {
	var p tracker.Parcel
	var ok bool
	switch {
	case q.has("barcode") && q.has("device"):
		return badParameter("device", "cannot be given with barcode: give one of them.")
	case q.has("barcode"):
		p, ok = s.fleet.ParcelByBarcode(q.text("barcode"))
	default:
		p, ok = s.fleet.ParcelOfDevice(tracker.DeviceID(q.text("device")))
	}
	found := []any{}
	if ok {
		body, _, _, err := c.show(p)
		if err != nil {
			return err
		}
		found = append(found, body)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"parcels": found, "next": nil})
}

type parcelJSON struct {
	ID      string             `json:"id"`
	Barcode string             `json:"barcode"`
	Devices []tracker.DeviceID `json:"devices"`
	// SentWith is what dispatch said, Vehicle what follows.
	SentWith *string             `json:"sent_with"`
	State    tracker.ParcelState `json:"state"`
	Delivery *string             `json:"delivery"`
	Round    *string             `json:"round"`
	Vehicle  *string             `json:"vehicle"`
	Armed    bool                `json:"seal_armed"`
	metaJSON
}

func (s *Server) showParcel(p tracker.Parcel) (body any, id string, version uint64, err error) {
	stands := s.fleet.ParcelStanding(p)
	return parcelJSON{
		ID: p.ID, Barcode: p.Barcode, Devices: append([]tracker.DeviceID{}, p.Devices...),
		SentWith: textOrNull(p.SentWith), State: stands.State, Delivery: textOrNull(string(stands.Delivery)),
		Round: textOrNull(string(stands.Round)), Vehicle: textOrNull(stands.Vehicle), Armed: stands.Armed, metaJSON: metaOf(p.Meta),
	}, p.ID, p.Version, nil
}

func parcelSetters(p *tracker.Parcel) setters {
	return setters{
		"id":        into("id", &p.ID, "a string"),
		"barcode":   into("barcode", &p.Barcode, "a string"),
		"devices":   into("devices", &p.Devices, "a list of devices' ids"),
		"sent_with": into("sent_with", &p.SentWith, "the id of a vehicle, or null for that of its delivery"),
	}
}
