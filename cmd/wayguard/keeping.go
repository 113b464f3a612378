package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"wayguard/tracker"
)

// keeping says for how long things are kept.
type keeping struct {
	Tracks age `default:"90d" placeholder:"AGE" help:"How old fixes get, such as 90d or 72h; at least 48h."`
	Events age `default:"400d" placeholder:"AGE" help:"How old events get, such as 400d; at least 48h."`
}

func (k keeping) retention() tracker.Retention {
	return tracker.Retention{Tracks: time.Duration(k.Tracks), Events: time.Duration(k.Events)}
}

// age is a duration that can be given in days.
type age time.Duration

// maxAge keeps dates that long ago within what can be written.
const maxAge = 100 * 365 * 24 * time.Hour

// UnmarshalText reads whole days, such as 90d, or what time.ParseDuration does.
func (a *age) UnmarshalText(text []byte) error {
	s := string(text)
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d < tracker.MinKeep || d > maxAge {
		return errors.New("must be days or hours, such as 90d or 72h: at least 48h, at most 36500d")
	}
	*a = age(d)
	return nil
}
