package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A segment begins with segmentMagic. Records follow, all numbers little-endian:
//
//	kind      1 byte
//	length    4 bytes, of the payload
//	number    8 bytes
//	payload
//	checksum  4 bytes, CRC-32C of all before it
//
// A recordPayload is what waits to be sent; a recordMark, without a payload, says
// that everything up to its number is acknowledged. Whatever does not fit this is
// where a write was interrupted, and ends the segment.
const (
	segmentMagic  = "WGQ1"
	recordPayload = 1
	recordMark    = 2
	recordHead    = 1 + 4 + 8
	recordTail    = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(b []byte, kind byte, number uint64, payload []byte) []byte {
	start := len(b)
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint64(b, number)
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// record is one that was read; its payload points into what was read.
type record struct {
	kind    byte
	number  uint64
	payload []byte
}

// parseRecord reads the first record of b; ok is false where there is no whole
// one.
func parseRecord(b []byte) (r record, size int, ok bool) {
	if len(b) < recordHead+recordTail || b[0] != recordPayload && b[0] != recordMark {
		return record{}, 0, false
	}
	length := uint64(binary.LittleEndian.Uint32(b[1:]))
	if length > uint64(len(b)-recordHead-recordTail) || b[0] == recordMark && length != 0 {
		return record{}, 0, false
	}
	end := recordHead + int(length)
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return record{}, 0, false
	}
	return record{b[0], binary.LittleEndian.Uint64(b[5:]), b[recordHead:end]}, end + recordTail, true
}

// parseSegment reads the records of a file up to the first that is not whole;
// torn is how many bytes were left.
func parseSegment(b []byte) (records []record, torn int) {
	if len(b) < len(segmentMagic) || string(b[:len(segmentMagic)]) != segmentMagic {
		return nil, len(b)
	}
	b = b[len(segmentMagic):]
	for {
		r, size, ok := parseRecord(b)
		if !ok {
			return records, len(b)
		}
		records = append(records, r)
		b = b[size:]
	}
}

func segmentName(generation, first uint64) string {
	return fmt.Sprintf("%016x-%016x.queue", generation, first)
}

// segmentFile is a file of a queue's folder.
type segmentFile struct {
	name              string
	generation, first uint64
}

// listSegments returns the files of all generations, in order. Others, such as
// one that did not come to get its name, are none.
func listSegments(dir string) ([]segmentFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []segmentFile
	for _, e := range entries {
		f := segmentFile{name: e.Name()}
		if n, err := fmt.Sscanf(f.name, "%016x-%016x.queue", &f.generation, &f.first); err == nil && n == 2 && f.name == segmentName(f.generation, f.first) {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, func(a, b segmentFile) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return files, nil
}

// readGeneration returns the payloads that wait in the newest generation.
func readGeneration(dir string, files []segmentFile) (left [][]byte, torn int, err error) {
	var waiting []record
	acknowledged := uint64(0)
	for _, f := range files {
		if f.generation != files[len(files)-1].generation {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		records, rest := parseSegment(data)
		torn += rest
		for _, r := range records {
			if r.kind == recordMark {
				acknowledged = max(acknowledged, r.number)
			} else {
				waiting = append(waiting, r)
			}
		}
	}
	for _, r := range waiting {
		if r.number > acknowledged {
			left = append(left, r.payload)
		}
	}
	return left, torn, nil
}

// syncFolder makes names in dir last. Not every system can sync a folder.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = folder.Sync()
	return folder.Close()
}
