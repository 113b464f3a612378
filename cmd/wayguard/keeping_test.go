package main

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90d": 90 * day, "2d": 2 * day, "48h": 2 * day, "36500d": maxAge, "100h30m": 100*time.Hour + 30*time.Minute,
		"": 0, "d": 0, "90": 0, "1d": 0, "47h": 0, "-90d": 0, "36501d": 0, "9999999999999d": 0, "1.5d": 0, "10w": 0,
	} {
		var a age
		err := a.UnmarshalText([]byte(text))
		if time.Duration(a) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %v, %v, want %v", text, time.Duration(a), err, want)
		}
	}
}
