package main

import (
	"cmp"
	"container/heap"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// merged is a row and where it came from.
type merged struct {
	row   row
	trace *trace
}

// merge yields the rows of all traces, the earliest of those that come next
// first, so that a device's rows may be spread over files in any way as long
// as each file is in order of time. Rows of one file never change places.
func merge(traces []*trace) iter.Seq2[merged, error] {
	return func(yield func(merged, error) bool) {
		var heads traceHeap
		for i, t := range traces {
			h := &traceHead{trace: t, rank: i}
			if more, err := h.advance(); err != nil {
				yield(merged{}, err)
				return
			} else if more {
				heads = append(heads, h)
			}
		}
		heap.Init(&heads)
		for len(heads) > 0 {
			h := heads[0]
			if !yield(merged{h.row, h.trace}, nil) {
				return
			}
			more, err := h.advance()
			switch {
			case err != nil:
				yield(merged{}, err)
				return
			case more:
				heap.Fix(&heads, 0)
			default:
				heap.Pop(&heads)
			}
		}
	}
}

// traceHead is the next row of a trace.
type traceHead struct {
	trace *trace
	row   row
	rank  int
}

func (h *traceHead) advance() (more bool, err error) {
	h.row, err = h.trace.next()
	if err == io.EOF {
		return false, nil
	}
	return err == nil, err
}

// traceHeap has the earliest row on top, at equal times the file given first.
type traceHeap []*traceHead

func (h traceHeap) Len() int      { return len(h) }
func (h traceHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h traceHeap) Less(i, j int) bool {
	if a, b := h[i].row.fix.Time, h[j].row.fix.Time; a != b {
		return a < b
	}
	return h[i].rank < h[j].rank
}

func (h *traceHeap) Push(x any) { *h = append(*h, x.(*traceHead)) }

func (h *traceHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = slices.Delete(*h, last, last+1)
	return x
}

// sortEvents puts events in order of time, then of device, then as they came to
// be known. A correction comes where it was known, behind what it corrects.
func sortEvents(events []found) {
	slices.SortStableFunc(events, func(a, b found) int {
		return cmp.Or(a.at().Compare(b.at()), cmp.Compare(a.event.Device, b.event.Device))
	})
}

func (f *found) at() time.Time {
	if strings.HasPrefix(f.event.Type, "event.") {
		return f.event.KnownAt
	}
	return f.event.Time
}
