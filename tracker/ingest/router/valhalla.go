package router

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"wayguard/tracker"
)

// valhallaPlaces is how many places a request names: the server's default limit.
const valhallaPlaces = 20

type valhalla struct {
	client
	costing string
}

type valhallaPlace struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	Type string  `json:"type"`
}

// valhallaAnswer is what of an answer is used. ErrorCode is 0 if all is well.
type valhallaAnswer struct {
	ErrorCode int `json:"error_code"`
	Trip      struct {
		Status int
		// Legs lead from place to place.
		Legs []struct{ Shape string }
	}
}

// Source implements tracker.Router.
func (v *valhalla) Source() tracker.RouteSource { return tracker.RouteValhalla }

// Find implements tracker.Router.
func (v *valhalla) Find(ctx context.Context, through places) (way, passes places, err error) {
	return inParts(through, valhallaPlaces, func(part places) (places, places, error) { return v.find(ctx, part) })
}

func (v *valhalla) find(ctx context.Context, through places) (way, passes places, err error) {
	at := make([]valhallaPlace, len(through))
	for i, p := range through {
		at[i] = valhallaPlace{p[1], p[0], "break"} // a vehicle may turn at each
	}
	body, err := json.Marshal(map[string]any{"locations": at, "costing": v.costing, "directions_type": "none", "shape_format": "polyline6"})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the places: %w", err)
	}
	var a valhallaAnswer
	status, err := v.ask(ctx, http.MethodPost, "route", nil, body, &a)
	switch {
	case err != nil:
		return nil, nil, err
	case status == http.StatusBadRequest && a.ErrorCode != 0:
		return nil, nil, fmt.Errorf("%w: the router says error %d", tracker.ErrNoWay, a.ErrorCode)
	case status != http.StatusOK, a.Trip.Status != 0:
		return nil, nil, fmt.Errorf("the router answered with status %d, error %d", status, a.ErrorCode)
	}
	return v.join(&a)
}

// join puts the legs one behind the other. The way comes by a place where a leg
// ends and the next one begins.
func (v *valhalla) join(a *valhallaAnswer) (way, passes places, err error) {
	for i := range a.Trip.Legs {
		leg, err := tracker.ParsePolyline(a.Trip.Legs[i].Shape, shapeDecimals)
		if err != nil {
			return nil, nil, fmt.Errorf("leg %d of the router's way: %w", i+1, err)
		}
		if len(leg) == 0 {
			return nil, nil, fmt.Errorf("leg %d of the router's way is empty", i+1)
		}
		if i == 0 {
			passes = append(passes, leg[0])
		}
		way, passes = append(way, leg...), append(passes, leg[len(leg)-1])
	}
	return way, passes, nil
}
