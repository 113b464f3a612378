package router

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wayguard/tracker"
)

// osrmPlaces is how many places a request names: 500 is the server's default
// limit, but they all stand in the URL.
const osrmPlaces = 100

type osrm struct {
	client
	profile string
}

// osrmAnswer is what of an answer is used. Code is "Ok", or says what is wrong.
type osrmAnswer struct {
	Code   string
	Routes []struct{ Geometry string }
	// Waypoints are where the way comes by the places.
	Waypoints []struct{ Location [2]float64 }
}

// Source implements tracker.Router.
func (o *osrm) Source() tracker.RouteSource { return tracker.RouteOSRM }

// Find implements tracker.Router.
func (o *osrm) Find(ctx context.Context, through places) (way, passes places, err error) {
	return inParts(through, osrmPlaces, func(part places) (places, places, error) { return o.find(ctx, part) })
}

func (o *osrm) find(ctx context.Context, through places) (way, passes places, err error) {
	var at strings.Builder
	for i, p := range through {
		if i > 0 {
			at.WriteByte(';')
		}
		fmt.Fprintf(&at, "%s,%s", degrees(p[0]), degrees(p[1]))
	}
	var a osrmAnswer
	status, err := o.ask(ctx, http.MethodGet, "route/v1/"+o.profile+"/"+at.String(), url.Values{
		"overview": {"full"}, "geometries": {"polyline6"}, "steps": {"false"}, "generate_hints": {"false"},
	}, nil, &a)
	switch {
	case err != nil:
		return nil, nil, err
	case a.Code == "NoRoute", a.Code == "NoSegment":
		return nil, nil, fmt.Errorf("%w: the router says %s", tracker.ErrNoWay, a.Code)
	case status != http.StatusOK, a.Code != "Ok", len(a.Routes) == 0:
		return nil, nil, fmt.Errorf("the router answered with status %d, code %q", status, code(a.Code))
	}
	if way, err = tracker.ParsePolyline(a.Routes[0].Geometry, shapeDecimals); err != nil {
		return nil, nil, fmt.Errorf("the way of the router: %w", err)
	}
	for _, w := range a.Waypoints {
		passes = append(passes, w.Location)
	}
	return way, passes, nil
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }
