package firmware

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ringModel says what the ring of the C client must hold.
type ringModel struct {
	// tried are the records in the order they were put; stored tells of which
	// the ring said so.
	tried  []string
	stored map[string]bool
	// gone are those acknowledged for good, read those that were to be.
	gone, read map[string]bool
}

func newRingModel() *ringModel {
	return &ringModel{stored: map[string]bool{}, gone: map[string]bool{}, read: map[string]bool{}}
}

// learn takes in the answer to a command. Records are numbered from 1 in the
// order they are stored, as long as nothing is cut.
func (m *ringModel) learn(command, answer string) {
	verb, rest, _ := strings.Cut(command, " ")
	switch verb {
	case "put":
		m.tried = append(m.tried, rest)
		m.stored[rest] = answer == "0"
	case "acknowledge":
		number, _ := strconv.Atoi(rest)
		if answer == "-2" {
			return // nothing of that number was stored: the power is off
		}
		for _, record := range m.tried[:number] {
			if answer == "0" {
				m.gone[record] = true
			}
			m.read[record] = true
		}
	}
}

// check compares the answers to list and state with the model.
func (m *ringModel) check(list, state string) error {
	words := strings.Fields(list)
	if words[len(words)-1] != "0" {
		return fmt.Errorf("list ends in %s", words[len(words)-1])
	}
	held := map[string]bool{}
	var first, next, dropped, operations int
	if _, err := fmt.Sscan(state, &first, &next, &dropped, &operations); err != nil {
		return err
	}
	at, last := 0, first-1
	for _, word := range words[:len(words)-1] {
		number, record, _ := strings.Cut(word, ":")
		n, _ := strconv.Atoi(number)
		dropped += n - last - 1 // what is counted once the ring gets there
		last = n
		next := slices.Index(m.tried[at:], record)
		if next < 0 {
			return fmt.Errorf("%s is garbled, comes twice or out of order", record)
		}
		at += next + 1
		if held[record] = true; m.gone[record] {
			return fmt.Errorf("%s was acknowledged", record)
		}
	}
	dropped += next - last - 1
	lost, missing := 0, 0
	for record, stored := range m.stored {
		if !held[record] && stored {
			missing++
			if !m.read[record] {
				lost++
			}
		}
	}
	if lost > dropped || dropped > missing+1 {
		return fmt.Errorf("%d stored records are missing, %d of them unacknowledged, and %d are counted as dropped", missing, lost, dropped)
	}
	return nil
}

// ringScript is a series of puts and acknowledgements. Few of them are
// acknowledged where crowded, so that the ring overflows.
func ringScript(rng *rand.Rand, first, puts, largest int, crowded bool) []string {
	var commands []string
	acknowledged := 0
	for n := range puts {
		record := make([]byte, 4+rng.IntN(min(largest, 90)-3))
		copy(record, strconv.Itoa(first+n))
		record[3] = '.'
		commands = append(commands, "put "+hex.EncodeToString(record))
		if rng.IntN(3) == 0 && first == 100 && !crowded {
			acknowledged = min(acknowledged+1+rng.IntN(4), n+1)
			commands = append(commands, fmt.Sprintf("acknowledge %d", acknowledged))
		}
	}
	return commands
}

var ringGeometries = []struct{ pages, size, unit int }{
	{3, 128, 1}, {4, 256, 4}, {3, 512, 8}, {5, 256, 16}, {4, 320, 32}, {16, 256, 2},
}

// The power is cut in each operation on the flash, again while the ring goes
// on, and at no time is a stored record lost, doubled or garbled.
func testPowerLossInC(t *testing.T, program string) {
	const seed = 31
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	cuts := 0
	for _, g := range ringGeometries {
		for round := range rounds {
			rng := rand.New(rand.NewPCG(seed, uint64(1000*g.size+10*g.unit+round)))
			script := ringScript(rng, 100, 40, g.size-96, round%2 == 1)
			begin := []string{fmt.Sprintf("flash %d %d %d", g.pages, g.size, g.unit), "open"}
			operations := ringOperations(t, program, append(slices.Clone(begin), script...))
			var commands []string
			for cut := range operations {
				commands = append(commands, begin...)
				commands = append(commands, fmt.Sprintf("cut %d %d", cut, rng.Uint32()))
				commands = append(commands, script...)
				commands = append(commands, "cut -1 0", "open", "list", "state", fmt.Sprintf("cut %d %d", rng.IntN(20), rng.Uint32()))
				commands = append(commands, ringScript(rng, 500, 12, g.size-96, true)...)
				commands = append(commands, "cut -1 0", "open", "list", "state")
				commands = append(commands, ringScript(rng, 700, 5, g.size-96, true)...)
				commands = append(commands, "list", "state")
			}
			cuts += operations
			checkRing(t, fmt.Sprintf("seed %d, %+v, round %d", seed, g, round), commands, runC(t, program, commands))
		}
	}
	t.Logf("%d cuts, each followed by a second one", cuts)
}

// ringOperations counts what a script does to the flash.
func ringOperations(t *testing.T, program string, commands []string) int {
	t.Helper()
	answers := runC(t, program, append(commands, "list", "state"))
	checkRing(t, "without a cut", append(commands, "list", "state"), answers)
	fields := strings.Fields(answers[len(answers)-1])
	operations, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || operations < 50 {
		t.Fatalf("%d operations: %v", operations, err)
	}
	return operations
}

// checkRing goes through commands and answers.
func checkRing(t *testing.T, what string, commands, answers []string) {
	t.Helper()
	var m *ringModel
	opened, used := 0, 0 // used is the boot of the newest record
	for i, command := range commands {
		switch verb, _, _ := strings.Cut(command, " "); verb {
		case "flash":
			m, opened, used = newRingModel(), 0, 0
		case "open":
			var err int
			if _, scan := fmt.Sscan(answers[i], &err, &opened); scan != nil || err != 0 || opened <= used {
				t.Fatalf("%s, command %d: open says %s after boot %d", what, i, answers[i], used)
			}
		case "list":
			if err := m.check(answers[i], answers[i+1]); err != nil {
				t.Fatalf("%s, command %d: %v\n%s", what, i, err, strings.Join(commands[max(0, i-80):i], "\n"))
			}
		case "put":
			if answers[i] == "0" {
				used = opened
			}
			m.learn(command, answers[i])
		default:
			m.learn(command, answers[i])
		}
	}
}

// An operation on the flash that fails while the power stays costs no record
// that was stored, and the ring goes on.
func testFailingFlashInC(t *testing.T, program string) {
	const seed = 32
	for _, g := range ringGeometries {
		rng := rand.New(rand.NewPCG(seed, uint64(1000*g.size+10*g.unit)))
		begin := []string{fmt.Sprintf("flash %d %d %d", g.pages, g.size, g.unit), "open"}
		script := ringScript(rng, 100, 40, g.size-96, true)
		operations := ringOperations(t, program, append(slices.Clone(begin), script...))
		var commands []string
		for at := range 2 * operations {
			commands = append(commands, begin...)
			commands = append(commands, fmt.Sprintf("fail %d %d", at/2, rng.Uint32()))
			commands = append(commands, script...)
			commands = append(commands, "list", "state", "open", "list", "state")
		}
		checkRing(t, fmt.Sprintf("seed %d, %+v", seed, g), commands, runC(t, program, commands))
	}
}
