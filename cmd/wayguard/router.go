package main

import (
	"errors"
	"fmt"
	"net/url"

	"wayguard/tracker"
	"wayguard/tracker/ingest/router"
)

// planning is who plans rounds that come without a way.
type planning struct {
	Router        string   `enum:",osrm,valhalla" default:"" help:"Routing server for rounds without a planned route: osrm or valhalla. Without one they go by straight lines with a wide corridor."`
	RouterURL     *url.URL `name:"router-url" placeholder:"URL" help:"Where the routing server is, such as http://127.0.0.1:5000."`
	RouterProfile string   `help:"What the ways are for, as the routing server calls it: driving of OSRM and auto of Valhalla unless given."`
}

// open is nil for none.
func (p planning) open() (tracker.Router, error) {
	if p.Router == "" && p.RouterURL == nil {
		return nil, nil
	}
	if p.Router == "" || p.RouterURL == nil {
		return nil, &inputError{errors.New("--router and --router-url go together: give both or neither")}
	}
	r, err := router.New(p.Router, p.RouterURL, p.RouterProfile)
	if err != nil {
		return nil, &inputError{fmt.Errorf("--router-url: %w", err)}
	}
	return r, nil
}
