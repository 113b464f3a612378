package tracker

import (
	"encoding/binary"
	"slices"

	"wayguard/geofence"
)

// keyWindow is how many keys of a device are remembered, of reports and of
// fixes each: a fix that is sent again in another report, after so many others,
// is stored twice.
const keyWindow = 1024

// keyRing remembers the last keyWindow keys added. It grows as it fills, so
// that an idle device costs little.
type keyRing struct {
	keys []uint64
	next int
}

func (k *keyRing) has(key uint64) bool { return slices.Contains(k.keys, key) }

func (k *keyRing) add(key uint64) {
	if len(k.keys) < keyWindow {
		k.keys = append(k.keys, key)
		return
	}
	k.keys[k.next] = key
	k.next = (k.next + 1) % keyWindow
}

// append writes the keys, oldest first.
func (k *keyRing) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(k.keys)))
	for i := range k.keys {
		b = binary.LittleEndian.AppendUint64(b, k.keys[(k.next+i)%len(k.keys)])
	}
	return b
}

// read replaces the keys by what append wrote.
func (k *keyRing) read(r *reader) {
	n := r.count()
	*k = keyRing{keys: make([]uint64, 0, min(n, keyWindow))}
	for range n {
		k.add(r.uint64())
	}
}

// fixKey identifies a fix by time and place. The multipliers are those of
// SplitMix64 (Steele, Lea, Flood 2014), which mixes every bit into all.
func fixKey(f geofence.Fix) uint64 {
	s := stepsOf(f, 0)
	return mix(mix(mix(uint64(s.time))^uint64(s.lon)) ^ uint64(s.lat))
}

func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
