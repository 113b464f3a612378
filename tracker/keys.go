package tracker

import (
	"encoding/binary"
	"slices"
)

// keyWindow is for how many reports of a device keys are remembered, of those
// that need it: a device that gets no acknowledgement has far fewer in flight.
const keyWindow = 1024

// keyed reports whether the report is known again by its key. Where there is
// nothing but fixes and the battery with them, it need not be: fixes are known
// by time and place, and the battery of an old report counts no more.
func (r *Report) keyed() bool { return len(r.Fixes) == 0 || len(r.Readings) > 0 || r.Answer != nil }

// reportKeys remembers the last keyWindow keys added. Keys that count up, as
// those of numbered reports do, take next to no room; others ten bytes each.
type reportKeys struct {
	// first are the first keys of runs that count up, oldest run first, and more
	// says how many keys follow each. Those before head are gone.
	first []uint64
	more  []uint16
	head  int
	n     int
}

func (k *reportKeys) has(key uint64) bool {
	for i := k.head; i < len(k.first); i++ {
		if key-k.first[i] <= uint64(k.more[i]) {
			return true
		}
	}
	return false
}

func (k *reportKeys) add(key uint64) {
	if last := len(k.first) - 1; last >= k.head && key == k.first[last]+uint64(k.more[last])+1 {
		k.more[last]++
	} else {
		k.first, k.more = append(k.first, key), append(k.more, 0)
	}
	if k.n++; k.n > keyWindow {
		k.drop()
	}
}

// drop forgets the oldest key.
func (k *reportKeys) drop() {
	k.n--
	if k.more[k.head] > 0 {
		k.first[k.head]++
		k.more[k.head]--
		return
	}
	if k.head++; k.head == keyWindow {
		k.first, k.more = slices.Delete(k.first, 0, k.head), slices.Delete(k.more, 0, k.head)
		k.head = 0
	}
}

// append writes the number of runs, oldest first, then of each the first key,
// 8 bytes, and uvarint how many follow it.
func (k *reportKeys) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(k.first)-k.head))
	for i := k.head; i < len(k.first); i++ {
		b = binary.LittleEndian.AppendUint64(b, k.first[i])
		b = binary.AppendUvarint(b, uint64(k.more[i]))
	}
	return b
}

// read replaces the keys by what append wrote.
func (k *reportKeys) read(r *reader) {
	*k = reportKeys{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		first, more := r.uint64(), r.uvarint()
		if more >= keyWindow {
			r.fail()
			return
		}
		for i := range more + 1 {
			k.add(first + i)
		}
	}
}

// readPlain replaces the keys by those of a checkpoint before version 4: their
// number, then 8 bytes each.
func (k *reportKeys) readPlain(r *reader) {
	*k = reportKeys{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		k.add(r.uint64())
	}
}

// skipKeys passes over keys that a checkpoint before version 4 has of fixes.
func skipKeys(r *reader) {
	if n := r.uvarint(); n <= keyWindow {
		r.take(8 * n)
	} else {
		r.fail()
	}
}
