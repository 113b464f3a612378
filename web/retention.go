package web

import (
	"fmt"
	"net/http"
	"time"
)

// gone is about a parameter that asks for what is no longer kept.
func gone(name, detail string, earliest any) *problem {
	return &problem{status: http.StatusGone, detail: name + ": " + detail, parameter: name, earliest: earliest}
}

// keptAfter refuses to go on after an event where not all that follow are kept:
// the first that is has the sequence number first.
func keptAfter(after, first uint64) error {
	if after+1 >= first {
		return nil
	}
	return gone("after", fmt.Sprintf("events up to %d are no longer kept. Go on after that, and know that you missed some.", first-1), first-1)
}

// keptSince refuses a track from before since, the time from which on tracks
// are kept. Where no time was given for its beginning, it begins there.
func (t *trackSubject) keptSince(since time.Time, given bool) error {
	earliest := trackTime(since)
	detail := fmt.Sprintf("tracks from before %s are no longer kept.", earliest)
	switch {
	case !t.from.Before(since):
		return nil
	case given:
		return gone("from", detail, earliest)
	case t.to.Before(since):
		return gone("to", detail, earliest)
	}
	t.from = since
	return nil
}
