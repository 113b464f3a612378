package owntracks

import (
	"time"

	"github.com/cespare/xxhash/v2"

	"wayguard/geofence"
	"wayguard/tracker"
)

// decodePlain is decode for what apps send nearly always: one location, of
// nothing but short numbers and of strings that need no unquoting. That takes a
// quarter of the library's time, which was a quarter of what a report cost the
// whole server. Whatever else it meets, it leaves to the library: ok is false.
func decodePlain(device tracker.DeviceID, payload []byte, received time.Time) (r tracker.Report, ok bool, err error) {
	var m message
	if len(payload) > MaxPayload || !m.readPlain(payload) {
		return tracker.Report{}, false, nil
	}
	fix, refusal := m.fix()
	if refusal != nil {
		return tracker.Report{}, true, refusal
	}
	return tracker.Report{
		Device:   device,
		Received: received,
		Key:      tracker.ReportKey(xxhash.Sum64(payload)),
		Fixes:    []geofence.Fix{fix},
		Battery:  m.battery(),
	}, true, nil
}

// readPlain is read for a whole payload. It returns false, and has perhaps read
// some of it, where it is not plain.
func (m *message) readPlain(b []byte) bool {
	p := plain{b: b}
	if !p.skip('{') {
		return false
	}
	for {
		name, ok := p.text()
		if !ok || !p.skip(':') || !m.readPlainField(&p, name) {
			return false
		}
		if p.skip(',') {
			continue
		}
		return p.skip('}') && p.ended() && m.kind != ""
	}
}

func (m *message) readPlainField(p *plain, name []byte) bool {
	f, known := fieldOf(string(name))
	if known && m.seen.has(f) {
		return false
	}
	text := p.peek() == '"'
	switch {
	case !known && text:
		_, ok := p.text()
		return ok
	case !known:
		_, ok := p.number()
		return ok
	case f == fieldType && text:
		kind, ok := p.text()
		m.kind = typeLocation
		m.seen.add(f)
		m.given.add(f)
		return ok && string(kind) == typeLocation
	case f == fieldData || f == fieldTopic || f == fieldType || text:
		return false
	}
	x, ok := p.number()
	m.seen.add(f)
	m.given.add(f)
	m.numbers[f] = x
	return ok
}

// plain is what is left of a payload.
type plain struct{ b []byte }

// peek is the first byte that is no white space, 0 at the end.
func (p *plain) peek() byte {
	for len(p.b) > 0 {
		switch p.b[0] {
		case ' ', '\t', '\n', '\r':
			p.b = p.b[1:]
		default:
			return p.b[0]
		}
	}
	return 0
}

func (p *plain) ended() bool { p.peek(); return len(p.b) == 0 }

// skip takes c, if that comes next.
func (p *plain) skip(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.b = p.b[1:]
	return true
}

// text takes a string of ASCII without escapes.
func (p *plain) text() ([]byte, bool) {
	if !p.skip('"') {
		return nil, false
	}
	for i, c := range p.b {
		if c == '"' {
			text := p.b[:i]
			p.b = p.b[i+1:]
			return text, true
		}
		if c < ' ' || c >= 0x80 || c == '\\' {
			break
		}
	}
	return nil, false
}

// number takes a number without an exponent whose digits are those of a whole
// number below 2^53: that and the power of ten that it is divided by are exact,
// so the quotient is the float64 nearest to it (W. Clinger, How to Read Floating
// Point Numbers Accurately, 1990).
func (p *plain) number() (float64, bool) {
	negative := p.skip('-')
	b, digits, point := p.b, uint64(0), -1
	i := 0
	for ; i < len(b) && i <= maxDigits; i++ {
		if c := b[i]; c >= '0' && c <= '9' {
			digits = 10*digits + uint64(c-'0')
		} else if c == '.' && point < 0 {
			point = i
		} else {
			break
		}
	}
	whole, places := i, 0
	if point >= 0 {
		whole, places = point, i-point-1
	}
	p.b = b[i:]
	if whole == 0 || whole > 1 && b[0] == '0' || point >= 0 && places == 0 || i > maxDigits || !p.endsNumber() {
		return 0, false
	}
	x := float64(digits) / tens[places]
	if negative {
		x = -x
	}
	return x, true
}

// endsNumber reports whether what comes next can follow a number.
func (p *plain) endsNumber() bool {
	c := p.peek()
	return c == ',' || c == '}'
}

// maxDigits keeps a number, with its point, below 2^53.
const maxDigits = 15

// tens are powers of ten, exact.
var tens = [maxDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
