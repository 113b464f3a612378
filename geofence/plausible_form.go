package geofence

import (
	"encoding/binary"
	"math"
	"slices"
)

func (g *guard) clone() guard {
	c := *g
	c.held = slices.Clone(g.held)
	return c
}

func (g *guard) renumber(number func(uint64) uint64) {
	if g.episode != 0 {
		g.episode = number(g.episode)
	}
}

func (g *guard) empty() bool {
	return g.episode == 0 && !g.doubted && !g.lone && g.still.fixes == 0
}

const (
	flagDoubted = 1 << 0
	flagLone    = 1 << 1
	flagEpisode = 1 << 2
	flagStill   = 1 << 3
	flagExcused = 1 << 4
)

// append writes
//
//	flags    1 byte: bit 0 doubted, bit 1 lone, bit 2 episode, bit 3 still,
//	         bit 4 excused
//	episode  its number
//	newest   if there is an episode or doubted
//	held     if doubted: their count, then fixes as the last one
//	still    1 byte the count of fixes, then since and the slowest float32
func (g *guard) append(b []byte, s *State) []byte {
	b = append(b, g.flags())
	if g.episode != 0 {
		b = binary.AppendUvarint(b, g.episode)
	}
	if g.episode != 0 || g.doubted {
		b = binary.AppendVarint(b, int64(g.newest-s.last.Time))
	}
	if g.doubted {
		b = binary.AppendUvarint(b, uint64(len(g.held)))
		for _, f := range g.held {
			b = appendFix(b, f)
		}
	}
	if g.still.fixes > 0 {
		b = append(b, g.still.fixes)
		b = binary.AppendVarint(b, int64(g.still.since-s.last.Time))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(g.still.slowest))
	}
	return b
}

func (g *guard) flags() (flags byte) {
	if g.doubted {
		flags |= flagDoubted
	}
	if g.lone {
		flags |= flagLone
	}
	if g.episode != 0 {
		flags |= flagEpisode
	}
	if g.still.fixes > 0 {
		flags |= flagStill
	}
	if g.excused {
		flags |= flagExcused
	}
	return flags
}

func (d *decoder) guard(s *State) guard {
	flags := d.byte()
	g := guard{doubted: flags&flagDoubted != 0, lone: flags&flagLone != 0, excused: flags&flagExcused != 0}
	if flags&flagEpisode != 0 {
		g.episode = d.uvarint()
	}
	if g.episode != 0 || g.doubted {
		g.newest = s.last.Time + Millis(d.varint())
	}
	if g.doubted {
		g.held = d.held(s)
	}
	if flags&flagStill != 0 {
		g.still = still{d.byte(), s.last.Time + Millis(d.varint()), d.float32()}
	}
	d.check(&g, s)
	return g
}

// held reads fixes that are each newer than the one before.
func (d *decoder) held(s *State) []Fix {
	var held []Fix
	newest := s.last.Time
	for n := d.uvarint(); n > 0 && d.err == nil; n-- {
		f := d.fix()
		if !s.seen || f.Time <= newest || len(held) == mostHeld {
			d.fail("a fix is held that cannot be")
		}
		newest = f.Time
		held = append(held, f)
	}
	return held
}

func (d *decoder) check(g *guard, s *State) {
	if g.episode > s.episodes || g.doubted && g.episode == 0 && !g.excused || g.excused && len(g.held) == 0 {
		d.fail("an episode of doubts was never given")
	}
	if g.doubted && s.seen && g.newest <= s.last.Time || len(g.held) > 0 && g.held[len(g.held)-1].Time > g.newest {
		d.fail("a doubted fix is not the newest")
	}
	if (g.lone || g.still.fixes > 0) && !s.seen {
		d.fail("it knows of a fix that was never seen")
	}
	if r := g.still; r.fixes > 0 && (r.fixes > fewestStill || r.since > s.last.Time || !(r.slowest >= 0 && r.slowest <= math.MaxFloat32)) {
		d.fail("a run at one place cannot be")
	}
}
