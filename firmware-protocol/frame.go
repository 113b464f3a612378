package firmware

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// headSize is how many bytes come before the body.
const headSize = 10

// kind is what a frame holds.
type kind byte

const (
	kindReport  kind = 1
	kindDesired kind = 2
)

// Header is the head of a frame, which is not secret.
type Header struct {
	Boot, Sequence uint32
	Protection     Protection
}

// appendHead begins a frame.
func appendHead(b []byte, k kind, h Header) []byte {
	b = append(b, Version, byte(k)|byte(h.Protection)<<4)
	b = binary.BigEndian.AppendUint32(b, h.Boot)
	return binary.BigEndian.AppendUint32(b, h.Sequence)
}

// parseHead reads the head of a frame that must be of kind k.
func parseHead(frame []byte, k kind) (Header, error) {
	switch {
	case len(frame) > MaxFrame:
		return Header{}, fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, len(frame), MaxFrame)
	case len(frame) > 0 && frame[0] != Version:
		return Header{}, fmt.Errorf("%w: the frame begins with %#02x, want %#02x", ErrVersion, frame[0], Version)
	case len(frame) < headSize:
		return Header{}, fmt.Errorf("%w: it ends within its head", ErrFrame)
	case kind(frame[1]&15) != k || Protection(frame[1]>>4) > Encrypted:
		return Header{}, fmt.Errorf("%w: kind and seal %#02x", ErrVersion, frame[1])
	}
	return Header{
		Boot:       binary.BigEndian.Uint32(frame[2:]),
		Sequence:   binary.BigEndian.Uint32(frame[6:]),
		Protection: Protection(frame[1] >> 4),
	}, nil
}

// ParseHeader reads the head of a report without looking at its seal: nothing
// in it can be relied on. Errors: ErrVersion, ErrFrame.
func ParseHeader(frame []byte) (Header, error) { return parseHead(frame, kindReport) }

// openFrame checks head and seal and returns the body: of sealed frames where
// there is a key, else of plain ones.
func openFrame(frame []byte, k kind, key *Key) (Header, []byte, error) {
	h, err := parseHead(frame, k)
	if err != nil {
		return Header{}, nil, err
	}
	body, err := key.open(frame, h.Protection)
	return h, body, err
}

// appendField appends a field.
func appendField(b []byte, number uint64, content []byte) []byte {
	b = binary.AppendUvarint(b, number)
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// Fields of these numbers may stand in a frame more than once.
const (
	firstRepeatable = 16
	lastRepeatable  = 31
)

// fields calls each with the fields of a body until it returns false, and tells
// whether all of it was right and in order.
func fields(body []byte, each func(number uint64, field *reader) bool) bool {
	r := reader{rest: body}
	last := uint64(0)
	for len(r.rest) > 0 {
		number := r.uvarint()
		field := reader{rest: r.bytes(r.uvarint())}
		repeated := number == last && (number < firstRepeatable || number > lastRepeatable)
		if r.bad || number < last || repeated || !each(number, &field) {
			return false
		}
		last = number
	}
	return true
}

// text reads n bytes, 1 to most, as a text.
func (r *reader) text(n, most uint64) string {
	b := r.bytes(n)
	if n == 0 || n > most || !utf8.Valid(b) {
		r.fail()
		return ""
	}
	return string(b)
}

func checkText(what, text string, most int) error {
	if text == "" || len(text) > most || !utf8.ValidString(text) {
		return fmt.Errorf("%w: a %s must be UTF-8 of 1 to %d bytes", ErrValue, what, most)
	}
	return nil
}
