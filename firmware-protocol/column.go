package firmware

import "encoding/binary"

// column writes the differences of a column; see the package comment.
type column struct {
	zeros uint64 // of the run that has not been written
}

func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func (c *column) append(b []byte, difference int64) []byte {
	if difference == 0 {
		c.zeros++
		return b
	}
	return binary.AppendUvarint(c.end(b), zigzag(difference))
}

// end writes what is left of a run.
func (c *column) end(b []byte) []byte {
	if c.zeros > 0 {
		b = binary.AppendUvarint(append(b, 0), c.zeros-1)
		c.zeros = 0
	}
	return b
}

// reader reads numbers. After the first mistake it reads nothing but zeros.
type reader struct {
	rest  []byte
	zeros uint64 // still to come of a run
	ran   bool   // the value before was the last of a run
	bad   bool
}

func (r *reader) fail() {
	r.bad, r.rest, r.zeros = true, nil, 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) zigzag() int64 { return unzigzag(r.uvarint()) }

// never is what must not be.
func (r *reader) never(wrong bool) {
	if wrong {
		r.fail()
	}
}

// time is one relative to base.
func (r *reader) time(base Millis) Millis {
	t := base + Millis(r.zigzag())
	r.never(!t.valid())
	return t
}

// upTo is a varint that must not be more than limit.
func (r *reader) upTo(limit uint64) uint64 {
	v := r.uvarint()
	if v > limit {
		r.fail()
		return 0
	}
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// difference is the next one of a column of which left values are still to
// come, this one included.
func (r *reader) difference(left int) int64 {
	if r.zeros > 0 {
		r.zeros--
		return 0
	}
	d := r.zigzag()
	if d != 0 || r.bad {
		r.ran = false
		return d
	}
	// Two runs in a row are one that was written as two.
	r.never(r.ran)
	r.zeros, r.ran = r.upTo(uint64(left-1)), true
	return 0
}
