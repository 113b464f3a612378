package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	const mega = 1 << 20
	for held, want := range map[int64]int64{0: 320, 100: 320, 288: 320, 290: 323, 1024: 1424} {
		if got := memoryLimit(held * mega); got != want*mega {
			t.Errorf("%d MiB held: limit %d MiB, want %d", held, got/mega, want)
		}
	}
}

// A process that collects too much gets more room, to a bound, and gives it
// back.
func TestRoom(t *testing.T) {
	room := 1.0
	for range 60 {
		room = roomFor(room, 0.3)
	}
	if room != 1+mostRoom {
		t.Errorf("room for %g times what is held", room-1)
	}
	if kept := roomFor(room, 0.05); kept != room {
		t.Errorf("from %g to %g without need", room, kept)
	}
	for range 60 {
		room = roomFor(room, 0.001)
	}
	if room != 1 {
		t.Errorf("keeps room for %g times what is held", room-1)
	}
	runtime.GC() // the figures go on at its end
	if spent, passed := collecting(); spent < 0 || passed <= 0 || spent > passed {
		t.Errorf("%g of %g seconds", spent, passed)
	}
}

// Garbage does not count as held, what is in use does.
func TestMemoryHeld(t *testing.T) {
	const size = 64 << 20
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // collected when the test asks only
	runtime.GC()
	before := memoryHeld()
	kept := make([]byte, size)
	runtime.GC()
	if grown := memoryHeld() - before; grown < size*9/10 || grown > size*3/2 {
		t.Errorf("grows by %d with %d more in use", grown, size)
	}
	runtime.KeepAlive(kept)
	runtime.GC()
	garbage := make([]byte, size)
	runtime.KeepAlive(garbage)
	if grown := memoryHeld() - before; grown > size/2 {
		t.Errorf("grows by %d with garbage alone", grown)
	}
}
