package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What the collector of garbage may let the server grow to, while that costs
// little. It costs a busy server a fifth of its work where the heap may only
// double, since there is little in it: with 200 devices every 12,000 reports. So
// the heap may grow to five times what is in use, as long as all of the process's memory stays within
// memoryFloor or, where it holds more than that, one and a half times what it
// holds, less memorySlack: then the line of the floor is met at 288 MiB.
const (
	heapPercent = 400
	memoryFloor = 320 << 20
	memorySlack = 112 << 20
	memoryCheck = time.Second
)

// tuneMemory keeps the limit in step with what is held until ctx ends. Where
// the operator has set GOGC or GOMEMLIMIT, the runtime goes by them alone.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(memoryFloor)
	debug.SetGCPercent(heapPercent)
	tick := time.NewTicker(memoryCheck)
	defer tick.Stop()
	room := 1.0
	spent, passed := collecting()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			collected, all := collecting()
			// Both go on at the end of a collection only.
			room = roomFor(room, (collected-spent)/max(all-passed, 1e-9))
			spent, passed = collected, all
			held := memoryHeld()
			debug.SetMemoryLimit(memoryLimit(held) + min(memoryRoom, int64((room-1)*float64(held))))
		}
	}
}

// memoryLimit is the limit for a process that holds so many bytes.
func memoryLimit(held int64) int64 { return max(memoryFloor, held+held/2-memorySlack) }

const (
	// tooMuch and little are shares of the processors that collecting takes;
	// mostRoom is how many times what is held may be added to the limit, and
	// memoryRoom how much at most.
	tooMuch, little = 0.1, 0.02
	mostRoom        = 2
	memoryRoom      = 512 << 20
)

// roomFor gives a process that collects too much more room, from second to
// second, and takes it back once it has little to collect. With 5,000 devices at
// full speed collecting took half of the processors within the plain limit.
func roomFor(room, share float64) float64 {
	switch {
	case share > tooMuch:
		return min(room*1.25, 1+mostRoom)
	case share < little:
		return max(room*0.95, 1)
	}
	return room
}

// collecting is for how many seconds of processors garbage was collected so far,
// and how many there were.
func collecting() (spent, passed float64) {
	samples := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}}
	metrics.Read(samples)
	return samples[0].Value.Float64(), samples[1].Value.Float64()
}

// memoryHeld is what the process holds without garbage: what was live at the
// last collection, stacks and the runtime's own.
func memoryHeld() int64 {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	held := int64(samples[0].Value.Uint64() + samples[1].Value.Uint64())
	for _, s := range samples[2:] {
		held -= int64(s.Value.Uint64())
	}
	return held
}
